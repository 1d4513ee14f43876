import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import type { PublicKey, SignatureAlgorithm } from '../../../src/domain/signature.ts'
import { publicKeyFrom } from '../../../src/pki/public_key.ts'
import { isSignedWith } from '../../../src/signing/algorithms.ts'
import { contentDigestVerdict } from '../../../src/signing/content_digest.ts'
import { type SignedMessage, signatureBase } from '../../../src/signing/signature_base.ts'
import { signatureFields } from '../../../src/signing/signature_fields.ts'

interface Vectors {
  readonly keys: Readonly<Record<string, { readonly algorithm: SignatureAlgorithm; readonly pem: string }>>
  readonly cases: readonly {
    readonly given: string
    readonly message: SignedMessage
    readonly input: string
    readonly signature: string
    readonly base?: readonly string[]
    readonly expect: 'holds' | 'fails' | 'no key'
  }[]
}

const vectorsIn = <Content>(name: string): Content =>
  JSON.parse(readFileSync(new URL(`../../vectors/${name}.json`, import.meta.url), 'utf8')) as Content

const { keys, cases } = vectorsIn<Vectors>('rfc9421')
const registered = new Map(
  Object.entries(keys).map(([id, { algorithm, pem }]): [string, PublicKey] => [
    id,
    { id, ...publicKeyFrom(Buffer.from(pem), algorithm) },
  ]),
)

describe('the test vectors of RFC 9421', () => {
  for (const { given, message, input, signature, base, expect: expected } of cases) {
    it(`${given}: ${expected}`, () => {
      const fields = signatureFields(input, signature)
      if ('cause' in fields) return expect.fail(fields.cause)
      const made = signatureBase(message, fields.covered)
      if (made.status !== 'built') return expect.fail(made.status)
      if (base !== undefined) expect(made.text.split('\n')).to.deep.equal(base)
      const key = registered.get(fields.parameters.keyid ?? '')
      const verdict = key && (isSignedWith(key, Buffer.from(made.text), fields.signature) ? 'holds' : 'fails')
      expect(verdict ?? 'no key').to.equal(expected)
    })
  }

  it('B.2.5: the shared secret made its signature of the very base', () => {
    const vector = cases.find(({ given }) => given.startsWith('B.2.5'))
    const secret = Buffer.from(
      'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==',
      'base64',
    )
    const made = createHmac('sha256', secret)
      .update(vector?.base?.join('\n') ?? '')
      .digest('base64')
    expect(vector?.signature).to.equal(`sig-b25=:${made}:`)
  })
})

describe('the examples of RFC 9530', () => {
  const digests = vectorsIn<{ given: string; body: string; header: string; expect: string }[]>('rfc9530')
  for (const { given, body, header, expect: expected } of digests)
    it(`${given}: ${expected}`, () => {
      expect(contentDigestVerdict(header, Buffer.from(body)).status).to.equal(expected)
    })
})
