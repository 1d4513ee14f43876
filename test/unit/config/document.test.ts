// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect } from 'chai'
import { readDocument } from '../../../src/config/document.ts'

/** What is said about a text, and where. */
const said = (text: string, environment?: Record<string, string>): readonly string[] =>
  readDocument(text, environment && { environment }).problems.map(
    ({ line, path, message }) => `${line} ${path}: ${message}`,
  )

describe('readDocument', () => {
  it('reads YAML 1.2: words, dates and octal numbers as they are written', () => {
    const { value, problems } = readDocument('{ a: off, b: no, c: 2026-12-31, d: 0o17, e: ~, f: true }')
    expect(value).to.deep.equal({ a: 'off', b: 'no', c: '2026-12-31', d: 15, e: null, f: true })
    expect(problems).to.deep.equal([])
  })

  it('has no value for an empty text, or one of comments', () => {
    for (const text of ['', '\n', '# nothing\n', '~'])
      expect(readDocument(text)).to.deep.include({ value: undefined, damaged: false, problems: [] })
  })

  it('fills variables in at every depth, in values and not in keys', () => {
    const { value } = readDocument('"${A}": [{ b: "x${A}y" }, "$${A}"]', { environment: { A: 'filled' } })
    expect(value).to.deep.equal({ '${A}': [{ b: 'xfilledy' }, '${A}'] })
  })

  it('names each missing variable where it stands', () => {
    expect(said('a: 1\nb:\n  - "${A}"\n  - c: ${B}\n', { A: 'here' })).to.deep.equal([
      '4 b[1].c: the environment has no variable B',
    ])
  })

  it('takes nothing from the environment where there is none to take from', () => {
    expect(said('name: "${HOME}"\nother: "${"\n')).to.deep.equal([
      '1 name: this file takes nothing from the environment',
      '2 other: a ${ begins no variable',
    ])
    expect(readDocument('name: "$${HOME}"').value).to.deep.equal({ name: '${HOME}' })
  })

  it('locates a finding at its key, in its list, or at what holds it', () => {
    const { located } = readDocument('top:\n  list:\n    - one\n    - two\n  flow: { a: 1,\n    b: 2 }\n')
    const lineOf = (...path: PropertyKey[]) => located({ path, message: '', cure: '' }).line
    expect(lineOf('top', 'list')).to.equal(2)
    expect(lineOf('top', 'list', 1)).to.equal(4)
    expect(lineOf('top', 'flow', 'b')).to.equal(6)
    expect(lineOf('top', 'flow', 'missing')).to.equal(5)
    expect(lineOf('nowhere')).to.equal(undefined)
  })

  it('says what the file has at the place, variables by name and passwords struck out', () => {
    const { located } = readDocument('a: "${SECRET}"\nb: redis://user:hunter2@host/\nc: { d: hunter2 }\n', {
      environment: { SECRET: 'hunter2' },
    })
    const message = (key: string) => located({ path: [key], message: 'got {written}', cure: '' }).message
    expect(message('a')).to.equal('got "${SECRET}"')
    expect(message('b')).to.equal('got "redis://***@host/"')
    expect(message('c')).to.equal('got keys with values')
    expect(message('missing')).to.equal('got nothing')
  })

  it('repeats nothing of what the parser stumbled over', () => {
    const texts = [
      'a: "hunter2',
      '[hunter2',
      'a: |hunter2\n b',
      'a: *hunter2',
      'a: !hunter2 b',
      '%hunter2\n---\na',
      '@hunter2',
    ]
    for (const text of texts) {
      expect(said(text), text).to.not.have.lengthOf(0)
      expect(said(text).join('\n'), text).to.not.contain('hunter2')
    }
  })

  it('says that collections are no keys, however deep they stand in each other, and reads the others', () => {
    const nested = `${'{'.repeat(600)}a${': 1}'.repeat(600)}`
    const { value, problems } = readDocument(`first: 1\n${nested}: 2\nlast: 3\n`)
    expect(value).to.deep.equal({ first: 1, last: 3 })
    expect(problems.map(({ line, message }) => ({ line, message }))).to.deep.equal([
      { line: 2, message: 'not YAML: no key can be read here' },
    ])
  })

  it('says that brackets are nested too deep, and does not overflow', () => {
    expect(said('['.repeat(10_000)).join('\n')).to.contain('nested too deep')
    expect(said(`${'{a: '.repeat(10_000)}1${'}'.repeat(10_000)}`).join('\n')).to.contain('nested too deep')
  })

  it('keeps keys that every object has as keys of its own', () => {
    const { value } = readDocument('__proto__: { admin: true }\nconstructor: 1\n')
    expect(Object.keys(value as object)).to.deep.equal(['__proto__', 'constructor'])
    expect(({} as { admin?: boolean }).admin).to.equal(undefined)
  })
})
