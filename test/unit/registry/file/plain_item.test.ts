import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { readDocument } from '../../../../src/config/document.ts'
import { readPlainItem } from '../../../../src/registry/file/plain_item.ts'
import { chain, devApp, hash, leaf } from './devapps_fixture.ts'

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
    '[]',
    '|',
  ),
  fc.constantFrom(
    hash,
    leaf.pem,
    chain,
    ' text\n that is indented\n',
    'a\n\n',
    `\${A}`,
    '2026-12-31T23:00:00Z',
    'päivä',
  ),
)
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, word, tie('list'), tie('section')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  section: fc.dictionary(
    fc.oneof(fc.stringMatching(/^[a-z_./-]{1,9}$/), fc.constantFrom('__proto__', 'y', '1')),
    tie('value'),
    {
      maxKeys: 4,
    },
  ),
}))
const item = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), value, { minKeys: 1, maxKeys: 5 })

/** What YAML says; `undefined` where it is wrong. */
function readByYaml(text: string): unknown {
  const { value: read, problems } = readDocument(text)
  return problems.length > 0 || !Array.isArray(read) || read.length !== 1 ? undefined : read[0]
}

/** Read in the quick way it is what YAML says, or it is left to YAML. */
function expectAgreement(text: string): void {
  const quickly = readPlainItem(text)
  if (quickly !== undefined) expect(quickly, text).to.deep.equal(readByYaml(text))
}

describe('an item of a registry file, read in the quick way', () => {
  it('is what YAML says, whatever is written', () => {
    fc.assert(
      fc.property(item, fc.constantFrom(0, 2, 4), (written, indent) => {
        expectAgreement(stringify([written], { lineWidth: 0 }).replace(/^(?=.)/gm, ' '.repeat(indent)))
      }),
      { numRuns: 500 },
    )
  })

  it('is what YAML says after any edit of one character', () => {
    const text = stringify(
      [
        devApp({
          client_secrets: [{ hash }],
          certificates: [{ leaf: leaf.pem, issuer: 'a-ca' }],
          labels: { a: 'b c' },
        }),
      ],
      { lineWidth: 0 },
    )
    const edit = fc.tuple(
      fc.nat({ max: text.length }),
      fc.nat({ max: 2 }),
      fc.constantFrom('', ' ', '\n', '-', ':', '#', '"', '|', '\t', 'x', '\r'),
    )
    fc.assert(
      fc.property(edit, ([at, removed, added]) =>
        expectAgreement(text.slice(0, at) + added + text.slice(at + removed)),
      ),
      { numRuns: 1_500 },
    )
  })

  it('is read so where a tool wrote it', () => {
    const written = devApp({
      ...{ products: ['data', 'accounts'], labels: { contact: 'api@acme.example' }, client_secrets: [] },
      certificates: [{ leaf: leaf.pem, issuer: 'example-issuing-ca-1a2b3c4d' }],
    })
    expect(readPlainItem(`${stringify([written], { lineWidth: 0 })}\n\n`)).to.deep.equal(written)
  })

  it('is left to YAML with comments, anchors, tags, flow style and what stands in the environment', () => {
    for (const line of [
      '# a comment',
      'a: &b c',
      'a: *b',
      'a: !t c',
      'a: { b: c }',
      `a: "\${B}"`,
      'a: >\n    b',
      "a: 'b'",
      'a:\tb',
    ])
      expect(readPlainItem(`- id: acme\n  ${line}\n`), line).to.equal(undefined)
  })
})
