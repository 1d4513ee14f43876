import { expect } from 'chai'
import type { SignedParts } from '../../../src/domain/signature.ts'
import { signatureOf } from '../../../src/signing/algorithms.ts'
import { signedConcatenation, type UnsignedRequest } from '../../../src/signing/sign.ts'
import { WatchedSignatures } from '../../../src/signing/watched_signatures.ts'
import { devApp, now } from '../../support/evidence.ts'
import { signingKey, signWith } from '../../support/signing_keys.ts'
import { concatenated, partsOf, payment, policy } from './fixture.ts'

const key = signingKey('ed25519')
const rsa = signingKey('rsa-v1_5-sha256')
const stranger = signingKey('ed25519', 'ed25519')
const owner = devApp({ publicKeys: [key.publicKey, rsa.publicKey] })

function differences(
  parts: SignedParts,
  { signedText, asked = policy }: { signedText?: Uint8Array; asked?: typeof policy | typeof concatenated } = {},
) {
  const watched = new WatchedSignatures({
    signedText,
    keys: () => [
      ...owner.publicKeys.map((each) => ({ key: each, owner: 'acme' })),
      { key: stranger.publicKey, owner: 'globex' },
    ],
  })
  const { status } = watched.statusOf(parts, owner, asked, now)
  return { status, ...watched.facts }
}

/** The request as it came, signed as if it were another one. */
function signedAs(signed: UnsignedRequest, came: UnsignedRequest = payment): SignedParts {
  return partsOf(came, signWith(key, signed, { created: now }).headers)
}

const withUrl = (url: string): UnsignedRequest => ({ ...payment, url })

describe('what differs in a signature that does not hold', () => {
  it('is shown to the operator as the base that was expected', () => {
    const { status, expected } = differences(signedAs({ ...payment, method: 'PUT' }))
    expect(status).to.equal('invalid')
    expect(expected?.split('\n').slice(0, 4)).to.deep.equal([
      ...['"@method": POST', '"@authority": api2.example.com'],
      ...['"@path": /v1/payments', '"@query": ?currency=EUR&x=%2F'],
    ])
  })

  const mistakes: [string, SignedParts, string][] = [
    ['the method', signedAs({ ...payment, method: 'PUT' }), '"@method" was "PUT", and is "POST"'],
    [
      'the port',
      signedAs(withUrl('https://api2.example.com:8443/v1/payments?currency=EUR&x=%2F')),
      '"@authority" was "api2.example.com:8443"',
    ],
    [
      'a slash at the end',
      signedAs(withUrl('https://api2.example.com/v1/payments/?currency=EUR&x=%2F')),
      '"@path" was "/v1/payments/"',
    ],
    ['the query', signedAs(withUrl('https://api2.example.com/v1/payments')), '"@query" was "?"'],
    [
      'an escape',
      signedAs(withUrl('https://api2.example.com/v1/payments?currency=EUR&x=/')),
      '"@query" was "?currency=EUR&x=/"',
    ],
    [
      'a header',
      signedAs({ ...payment, headers: { 'content-type': 'application/json; charset=utf-8' } }),
      '"content-type" was',
    ],
  ]
  for (const [what, parts, expected] of mistakes)
    it(`is ${what}, where that explains the signature`, () => {
      expect(differences(parts).differences?.join()).to.contain(expected)
    })

  it('is the body, by its digest', () => {
    const parts = { ...signedAs(payment), body: Buffer.from('{}') }
    const [difference = '', ...others] = differences(parts).differences ?? []
    expect(difference).to.match(
      /^content-digest: the request has sha-256=:.*:, and sha-256=:.*: is that of its body of 2 bytes$/,
    )
    expect(others).to.deep.equal([])
  })

  it('is the key, where it is one of somebody else', () => {
    const parts = partsOf(payment, signWith(stranger, payment, { created: now }).headers)
    expect(differences(parts).differences).to.deep.equal(['it is of this request and the key ed25519 of globex'])
  })

  it('is a byte of the text that was signed, where that is at hand', () => {
    const { text, headers } = signWith(key, withUrl('https://api2.example.com/v1/refunds?currency=EUR&x=%2F'), {
      created: now,
    })
    const { differences: found } = differences(partsOf(payment, headers), { signedText: Buffer.from(text) })
    expect(found).to.deep.equal([
      String.raw`the texts differ from byte 60 on, line 3 in "@path": expected "payments\n\"@query\": ?currency=EUR&x=%2F\n\"", signed "refunds\n\"@query\": ?currency=EUR&x=%2F\n\"c"`,
    ])
  })

  const concatenations: [string, (text: string) => string | Uint8Array, string][] = [
    ['the method in upper case', (text) => text.replace(/^post/, 'POST'), 'the method in upper case'],
    ['a scheme', (text) => text.replace(/^post/, 'posthttps://'), 'the URL with its scheme'],
    ['a line feed', (text) => `${text}\n`, 'a line feed at the end'],
  ]
  for (const [what, mistake, expected] of concatenations)
    it(`is ${what}, in the profile concatenated`, () => {
      const { text } = signedConcatenation(payment, rsa.privateKey)
      const signature = signatureOf(
        Buffer.from(mistake(Buffer.from(text).toString())),
        rsa.privateKey,
        'rsa-v1_5-sha256',
      )
      const parts = partsOf(payment, { 'x-signature': signature.toString('base64') })
      expect(differences(parts, { asked: concatenated }).differences).to.deep.equal([
        `what was signed differs in this: ${expected}`,
      ])
    })

  it('is nothing where the signature holds, which is then not used up', () => {
    const watched = new WatchedSignatures({ signedText: undefined, keys: () => [] })
    for (let time = 0; time < 2; time++)
      expect(watched.statusOf(signedAs(payment), owner, policy, now)).to.include({ status: 'verified' })
    expect(watched.facts?.differences).to.deep.equal([])
  })
})
