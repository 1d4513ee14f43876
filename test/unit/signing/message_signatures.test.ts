import { expect } from 'chai'
import fc from 'fast-check'
import { type SignatureAlgorithm, type SignedParts, signatureAlgorithms } from '../../../src/domain/signature.ts'
import type { Signing, UnsignedRequest } from '../../../src/signing/sign.ts'
import { now } from '../../support/evidence.ts'
import { type SigningKey, signingKey, signWith } from '../../support/signing_keys.ts'
import { partsOf, payment, policy, verifierWith } from './fixture.ts'

const keys = Object.fromEntries(signatureAlgorithms.map((algorithm) => [algorithm, signingKey(algorithm)])) as Readonly<
  Record<SignatureAlgorithm, SigningKey>
>
const { ed25519 } = keys
const verifier = () => verifierWith(Object.values(keys).map(({ publicKey }) => publicKey))
const secondsFromNow = (seconds: number): Date => new Date(now.getTime() + seconds * 1_000)

function sent(
  request: UnsignedRequest = payment,
  { changes = {}, key = ed25519 }: { changes?: Partial<Signing>; key?: SigningKey } = {},
): SignedParts {
  return partsOf(request, signWith(key, request, { created: now, ...changes }).headers)
}

/** With one header written by hand. */
const rewritten = (parts: SignedParts, name: string, rewrite: (value: string) => string): SignedParts => ({
  ...parts,
  headers: { ...parts.headers, [name]: rewrite(parts.headers[name] ?? '') },
})

describe('a request signed by RFC 9421', () => {
  for (const algorithm of signatureAlgorithms)
    it(`holds by ${algorithm}, and no longer once a bit of the signature is another`, () => {
      const parts = sent(payment, { key: keys[algorithm] })
      const flipped = rewritten(parts, 'signature', (value) => {
        const bytes = Buffer.from(value.slice(5, -1), 'base64')
        bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
        return `sig=:${bytes.toString('base64')}:`
      })
      const verify = verifier()
      expect(verify(flipped)).to.include({ status: 'invalid' })
      expect(verify(parts)).to.deep.equal({ status: 'verified', keyId: algorithm })
    })

  const changes: [string, Partial<SignedParts>][] = [
    ['method', { method: 'PUT' }],
    ['host', { authority: 'api.example.com' }],
    ['port', { authority: 'api2.example.com:8443' }],
    ['path', { path: '/v1/payments/' }],
    ['query', { query: '?currency=USD&x=%2F' }],
    ['query, decoded', { query: '?currency=EUR&x=/' }],
    ['query, left out', { query: '' }],
    ['body, one byte', { body: Buffer.from('{"amount": "90.00", "to": "FI21 1234"}') }],
    ['body, white space', { body: Buffer.from('{"amount":"10.00","to":"FI21 1234"}') }],
    ['body, its keys in another order', { body: Buffer.from('{"to": "FI21 1234", "amount": "10.00"}') }],
    ['body, none', { body: new Uint8Array() }],
  ]
  for (const [what, change] of changes)
    it(`does not hold with another ${what}`, () => {
      expect(verifier()({ ...sent(), ...change })).to.include({ status: 'invalid' })
    })

  it('does not hold with another covered header, and does with another one', () => {
    const parts = sent()
    expect(verifier()(rewritten(parts, 'content-type', () => 'text/plain'))).to.include({ status: 'invalid' })
    const gone = { ...parts, headers: { ...parts.headers } as Record<string, string> }
    delete gone.headers['content-type']
    expect(verifier()(gone)).to.deep.equal({
      ...{ status: 'invalid', cause: 'it covers "content-type", which the request does not have' },
    })
    expect(verifier()(rewritten(parts, 'accept', () => '*/*'))).to.include({ status: 'verified' })
  })

  it('holds without a body, which takes no digest', () => {
    const request = { ...payment, method: 'GET', body: new Uint8Array() }
    expect(verifier()(sent(request))).to.include({ status: 'verified' })
    expect(verifier()({ ...sent(request), body: Buffer.from('x') })).to.deep.equal({
      ...{ status: 'incomplete', components: ['content-digest'] },
    })
  })

  it('names what is missing of what has to be covered', () => {
    const parts = rewritten(sent(), 'signature-input', (value) =>
      value.replace(/"@query" |"@method" /g, '').replace(/;keyid="[^"]*"/, ''),
    )
    expect(verifier()(parts)).to.deep.equal({ status: 'incomplete', components: ['@method', '@query', 'keyid'] })
    expect(verifier()(sent(payment, { changes: { nonce: undefined } }))).to.deep.equal({
      ...{ status: 'incomplete', components: ['nonce'] },
    })
    const asked = { ...policy, components: ['idempotency-key'] }
    expect(verifier()(sent(), asked)).to.deep.equal({ status: 'incomplete', components: ['idempotency-key'] })
    const given = { ...payment, headers: { ...payment.headers, 'idempotency-key': '1' } }
    expect(verifier()(sent(given), asked)).to.include({ status: 'verified' })
  })

  it('does not take a parameterised component for the component', () => {
    const parts = rewritten(sent(), 'signature-input', (value) => value.replace('"@method"', '"@method";req'))
    expect(verifier()(parts)).to.deep.equal({ status: 'incomplete', components: ['@method'] })
  })

  it('is of the key that it names, of this DevApp, by the algorithm of that key', () => {
    const stranger = signingKey('ed25519', 'stranger')
    expect(verifier()(sent(payment, { key: stranger }))).to.include({ cause: 'no key of the DevApp has its keyid' })
    expect(verifier()(sent(payment, { changes: { keyId: 'ecdsa-p256-sha256' } }))).to.include({ status: 'invalid' })
    const other = { ...keys['rsa-v1_5-sha256'].publicKey, algorithm: 'rsa-pss-sha512' as const }
    expect(verifierWith([other])(sent(payment, { key: keys['rsa-v1_5-sha256'] }))).to.include({ status: 'invalid' })
    const named = rewritten(sent(), 'signature-input', (value) => `${value};alg="hmac-sha256"`)
    expect(verifier()(named)).to.deep.equal({ status: 'invalid', cause: 'its alg is not that of the key, ed25519' })
  })

  const times: [string, Partial<Signing>, string][] = [
    ['made half a minute ahead', { created: secondsFromNow(30) }, 'verified'],
    ['made further ahead', { created: secondsFromNow(31) }, 'expired'],
    ['at the end of its age and the skew', { created: secondsFromNow(-329) }, 'verified'],
    ['past it', { created: secondsFromNow(-330) }, 'expired'],
    ['that says to end within the skew', { expires: secondsFromNow(-29) }, 'verified'],
    ['that says to have ended', { expires: secondsFromNow(-30) }, 'expired'],
  ]
  for (const [when, change, expected] of times)
    it(`is ${expected} where it is one ${when}`, () => {
      expect(verifier()(sent(payment, { changes: change })).status).to.equal(expected)
    })

  it('is good once, and so is its nonce, for its DevApp', () => {
    const verify = verifier()
    const parts = sent(payment, { changes: { nonce: 'n-1' } })
    expect(verify(parts)).to.include({ status: 'verified' })
    expect(verify(parts)).to.deep.equal({ status: 'replayed', keyId: 'ed25519' })
    expect(verify(sent(payment, { changes: { nonce: 'n-1', created: secondsFromNow(1) } }))).to.include({
      status: 'replayed',
    })
    expect(verify(parts, policy, now, 'other'), 'the nonces of another DevApp are its own').to.include({
      status: 'verified',
    })
    expect(verify(sent(payment, { changes: { nonce: 'n-2' } }))).to.include({ status: 'verified' })
  })

  it('is used up with its key, whatever that is called by then', () => {
    const again = { ...ed25519, publicKey: { ...ed25519.publicKey, id: 'renamed' } }
    const verify = verifierWith([ed25519.publicKey, again.publicKey])
    expect(verify(sent(payment, { changes: { nonce: 'n-1' } }))).to.include({ status: 'verified' })
    expect(verify(sent(payment, { key: again, changes: { nonce: 'n-1' } }))).to.include({ status: 'replayed' })
  })

  it('is remembered for as long as it would pass: by then it has expired', () => {
    const verify = verifier()
    const parts = sent()
    expect(verify(parts)).to.include({ status: 'verified' })
    expect(verify(parts, policy, secondsFromNow(329))).to.include({ status: 'replayed' })
    expect(verify(parts, policy, secondsFromNow(330))).to.include({ status: 'expired' })
  })

  it('without a nonce is good once too, where the policy does not need one', () => {
    const verify = verifier()
    const asked = { ...policy, nonce: 'optional' } as const
    const parts = sent(payment, { changes: { nonce: undefined } })
    expect(verify(parts, asked)).to.include({ status: 'verified' })
    expect(verify(sent(payment, { changes: { nonce: undefined } }), asked)).to.include({ status: 'replayed' })
  })

  const unreadable: [string, (parts: SignedParts) => SignedParts][] = [
    ['a signature that is no Base64', (parts) => rewritten(parts, 'signature', () => 'sig=:***:')],
    ['a signature under another label', (parts) => rewritten(parts, 'signature', (value) => `x${value}`)],
    ['two signatures', (parts) => rewritten(parts, 'signature-input', (value) => `${value}, b=("@path")`)],
    ['a component twice', (parts) => rewritten(parts, 'signature-input', (value) => value.replace('(', '("@method" '))],
    [
      'created as text',
      (parts) => rewritten(parts, 'signature-input', (value) => value.replace(/created=/, 'created=?1;x=')),
    ],
    [
      'an empty nonce',
      (parts) => rewritten(parts, 'signature-input', (value) => value.replace(/nonce="[^"]*"/, 'nonce=""')),
    ],
    ['an endless list', (parts) => rewritten(parts, 'signature-input', (value) => value.padEnd(8_193, ';a'))],
    ['no list of components', (parts) => rewritten(parts, 'signature-input', () => 'sig=1')],
    ['a digest that cannot be read', (parts) => rewritten(parts, 'content-digest', () => 'sha-256=:x')],
    ['an exclamation mark in the path', (parts) => ({ ...parts, path: '/v1/pay!' })],
    ['a byte outside of ASCII in the query', (parts) => ({ ...parts, query: '?name=ä' })],
  ]
  for (const [what, change] of unreadable)
    it(`is malformed with ${what}`, () => {
      expect(verifier()(change(sent()))).to.include({ status: 'malformed' })
    })

  for (const value of ['a, b', 'a,b', 'wow!', 'ä', 'Ł'])
    it(`is malformed where a covered header is ${JSON.stringify(value)}: the API may get something else`, () => {
      expect(verifier()(sent({ ...payment, headers: { 'content-type': value } }))).to.include({ status: 'malformed' })
    })

  it('is malformed where it covers a header that the policy does not name', () => {
    expect(verifier()(sent({ ...payment, headers: { 'x-amount': '1' } }))).to.deep.equal({
      ...{ status: 'malformed', cause: 'it covers a header that signature.headers does not name: x-amount' },
    })
  })

  it('is missing where one of its headers is', () => {
    for (const name of ['signature', 'signature-input']) {
      const headers = Object.fromEntries(Object.entries(sent().headers).filter(([key]) => key !== name))
      expect(verifier()({ ...sent(), headers })).to.deep.equal({ status: 'missing' })
    }
  })

  it('is of no use where the body is too long, cut or was not handed over', () => {
    const limit = { status: 'body_too_large', limitBytes: 1_024 }
    expect(verifier()(sent({ ...payment, body: Buffer.alloc(1_024, 'a') }))).to.include({ status: 'verified' })
    expect(verifier()(sent({ ...payment, body: Buffer.alloc(1_025, 'a') }))).to.deep.equal(limit)
    expect(verifier()({ ...sent(), bodyStatus: 'cut' })).to.deep.equal(limit)
    expect(verifier()({ ...sent(), bodyStatus: 'not_sent' })).to.deep.equal({ status: 'body_not_sent' })
  })

  it('never throws and never holds, whatever stands in its headers', () => {
    const verify = verifier()
    const field = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.stringMatching(
        /^[a-z*]+=\(("[@a-z-]{0,8}"(;[a-z]+(=("[ -~]*"|:[A-Za-z0-9+/=]*:|%"[ -~]*|@-?\d+|\?[01]|\d+))?)? ?)*\)(;[a-z]+=.{0,9})*$/,
      ),
    )
    fc.assert(
      fc.property(field, field, field, (input, signature, digest) => {
        const headers = { 'signature-input': input, signature, 'content-digest': digest }
        expect(verify({ ...sent(), headers }).status).to.be.oneOf(['malformed', 'incomplete', 'invalid', 'expired'])
      }),
      { numRuns: 500 },
    )
  })

  it('does not hold once any character of what it is over is another', () => {
    const parts = sent()
    const names = ['signature-input', 'content-digest', 'content-type'] as const
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), (name, at, code) => {
        const value = parts.headers[name] ?? ''
        const changed =
          value.slice(0, at % value.length) + String.fromCharCode(code) + value.slice((at % value.length) + 1)
        fc.pre(changed !== value)
        const { status } = verifier()(rewritten(parts, name, () => changed))
        expect(status, changed).to.be.oneOf(['malformed', 'incomplete', 'invalid', 'expired'])
      }),
      { numRuns: 500 },
    )
  })
})
