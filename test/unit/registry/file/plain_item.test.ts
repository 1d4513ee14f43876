import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { DocumentError } from '../../../../src/config/problem.ts'
import { ChainReader } from '../../../../src/registry/chain_reader.ts'
import { SharedParts } from '../../../../src/registry/devapp_schema.ts'
import { parseRegistry } from '../../../../src/registry/file/devapps_file.ts'
import { readPlainChains } from '../../../../src/registry/file/plain_chains.ts'
import { PlainItems } from '../../../../src/registry/file/plain_item.ts'
import { contentOf } from '../../../support/devapp_store_contract.ts'
import { chain, devApp, hash, issuing, leaf } from './devapps_fixture.ts'

const indented = (text: string, spaces: number): string => text.replace(/^(?=.)/gm, ' '.repeat(spaces))
const head = `chains:\n  a-ca: |\n${indented(issuing.chainPem, 4)}`
const reader = new ChainReader()
const { chains } = parseRegistry(`${head}devapps: []\n`, 'devapps.yaml', reader)
const items = new PlainItems({ reader, chains, shared: new SharedParts() })

/** What stands around it is not the item's. */
function readQuickly(item: string): unknown {
  const bytes = Buffer.from(`x: y\n${item}      - z\n`)
  return contentOf(items.read(bytes, 5, bytes.length - 10))
}

/** What the schema makes of what YAML says; `undefined` where something is wrong. */
function readByYaml(item: string): unknown {
  try {
    const { devApps } = parseRegistry(`${head}devapps:\n${item}`, 'devapps.yaml', reader)
    return devApps.length === 1 ? contentOf(devApps[0]) : undefined
  } catch (error) {
    if (error instanceof DocumentError) return undefined
    throw error
  }
}

/** Read in the quick way it is what YAML and the schema say, or it is left to them. */
function expectAgreement(item: string): boolean {
  const quickly = readQuickly(item)
  if (quickly !== undefined) expect(quickly, item).to.deep.equal(readByYaml(item))
  return quickly !== undefined
}

/** As the tools do, with a time in quotes. */
const written = (value: object, indent = 2): string =>
  indented(stringify([value], { lineWidth: 0 }), indent).replace(/(not_after: )(\S+Z)$/gm, '$1"$2"')

const word = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.stringMatching(/^[A-Za-z0-9][\w.,/+=@$ -]{0,20}$/),
  fc.constantFrom(
    'true',
    'Null',
    '~',
    '0x1f',
    '0o17',
    '1e5',
    '1_000',
    '4f6c1b0e9d',
    '.inf',
    '-',
    '- a',
    'a: b',
    'a #b',
  ),
  fc.constantFrom('[]', '{}', '|', 'a\n\n', `\${A}`, `$\${A}`, '2026-12-31T23:00:00Z', 'päivä', 'y', 'x'.repeat(4_097)),
  fc.constantFrom('enabled', 'disabled', 'production', 'staging', 'a-ca', 'acme', hash, leaf.pem, chain),
)
const secret = fc.record(
  { hash: fc.oneof(fc.constant(hash), word), not_after: fc.oneof(fc.constant('2026-12-31T23:00:00Z'), word) },
  { requiredKeys: ['hash'] },
)
const certificate = fc.oneof(
  fc.constantFrom({ leaf: leaf.pem, issuer: 'a-ca' }, { chain }, { issuer: 'a-ca', leaf: leaf.pem }),
  fc.constantFrom({ leaf: chain, issuer: 'a-ca' }, { leaf: leaf.pem }, { leaf: leaf.pem, issuer: 'b-ca' }),
  fc.constantFrom({ chain: leaf.pem }, { chain: `a\n${chain}` }, { leaf: issuing.certificate.pem, issuer: 'a-ca' }),
  fc.record({ leaf: word, issuer: word }),
)
const labels = fc.dictionary(
  fc.oneof(fc.stringMatching(/^[a-z_./-]{1,9}$/), fc.constantFrom('__proto__', 'y', '1', 'null', 'True')),
  word,
  { maxKeys: 4 },
)
const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { maxLength: 3 })
/** Right for the most part, and as a whole more often than not. */
const anyDevApp = fc
  .record(
    {
      id: fc.oneof({ weight: 5, arbitrary: fc.constant('acme') }, word),
      name: fc.oneof({ weight: 5, arbitrary: fc.constant('Acme, a third party') }, word),
      client_key: fc.oneof({ weight: 5, arbitrary: fc.constant('acme-key') }, word),
      environment: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('production', 'staging') }, word),
      status: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('enabled', 'disabled') }, word),
      ...{ client_secrets: some(secret), products: some(word), certificates: some(certificate), labels },
    },
    { requiredKeys: ['id', 'name', 'client_key'] },
  )
  .chain((all) => {
    const entries = Object.entries(all)
    const shuffled = (minLength: number) => fc.shuffledSubarray(entries, { minLength })
    return fc.oneof({ weight: 3, arbitrary: shuffled(entries.length) }, shuffled(Math.max(1, entries.length - 4)))
  })
  .map((entries) => Object.fromEntries(entries))

describe('an item of a registry file, read in the quick way', () => {
  it('is what YAML and the schema say, whatever is written', function () {
    this.timeout(60_000)
    let quick = 0
    fc.assert(
      fc.property(anyDevApp, fc.constantFrom(0, 2, 4), (value, indent) => {
        if (expectAgreement(written(value, indent))) quick++
      }),
      { numRuns: 200 },
    )
    expect(quick).to.be.greaterThan(0)
  })

  it('is what they say after any edit of one character', () => {
    const text = written(
      devApp({
        ...{ environment: 'staging', status: 'disabled', products: ['data', 'accounts'], labels: { a: 'b c' } },
        client_secrets: [{ hash, not_after: '2026-12-31T23:00:00Z' }, { hash }],
        certificates: [{ leaf: leaf.pem, issuer: 'a-ca' }, { chain }],
      }),
    )
    expect(expectAgreement(text)).to.equal(true)
    const edit = fc.tuple(
      fc.nat({ max: text.length }),
      fc.nat({ max: 2 }),
      fc.constantFrom('', ' ', '\n', '-', ':', '#', '"', '|', '\t', 'x', '\r', '=', 'ä', '\n\n', '{}'),
    )
    fc.assert(
      fc.property(edit, ([at, removed, added]) => {
        expectAgreement(text.slice(0, at) + added + text.slice(at + removed))
      }),
      { numRuns: 800 },
    )
  })

  it('is read so where a tool wrote it', () => {
    const value = devApp({
      ...{ products: ['data', 'accounts'], labels: { contact: 'api@acme.example' }, client_secrets: [] },
      certificates: [{ leaf: leaf.pem, issuer: 'a-ca' }],
    })
    expect(readQuickly(`${written(value)}\n\n`))
      .to.deep.equal(readByYaml(written(value)))
      .and.to.include({ id: 'acme' })
  })

  it('is left to YAML with comments, anchors, tags, flow style, unknown members and what stands in the environment', () => {
    const plain = written(devApp())
    expect(readQuickly(plain)).to.not.equal(undefined)
    for (const line of [
      '# a comment',
      'status: &b enabled',
      'status: *b',
      'status: !t enabled',
      'labels: { b: c }',
      `labels:\n      a: "\${B}"`,
      'labels:\n      a: >\n        b',
      "status: 'enabled'",
      'status:\tenabled',
      'status: enabled # why',
      'keys: []',
    ])
      expect(readQuickly(`${plain}    ${line}\n`), line).to.equal(undefined)
  })
})

describe('the chains of a registry file, read in the quick way', () => {
  it('are what YAML and the schema say after any edit of one character', () => {
    const fingerprints = (found: typeof chains | undefined) =>
      found && [...found].map(([name, all]) => [name, all?.map(({ sha256 }) => sha256)])
    const text = `${head}  b-ca: |\n${indented(issuing.chainPem, 4)}`
    expect(fingerprints(readPlainChains(text, reader))?.map(([name]) => name)).to.deep.equal(['a-ca', 'b-ca'])
    const edit = fc.tuple(fc.nat({ max: text.length }), fc.constantFrom('', ' ', '\n', ':', '#', 'x', '-', '~'))
    fc.assert(
      fc.property(edit, fc.nat({ max: 1 }), ([at, added], removed) => {
        const edited = text.slice(0, at) + added + text.slice(at + removed)
        const quickly = readPlainChains(edited, reader)
        if (quickly === undefined) return
        const whole = parseRegistry(`${edited}\ndevapps: []\n`, 'devapps.yaml', reader).chains
        expect(fingerprints(quickly), edited).to.deep.equal(fingerprints(whole))
      }),
      { numRuns: 300 },
    )
  })
})
