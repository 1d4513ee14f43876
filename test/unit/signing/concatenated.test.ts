import { expect } from 'chai'
import type { SignedParts } from '../../../src/domain/signature.ts'
import { concatenatedText } from '../../../src/signing/concatenated.ts'
import { signedConcatenation, type UnsignedRequest } from '../../../src/signing/sign.ts'
import { now } from '../../support/evidence.ts'
import { type SigningKey, signingKey } from '../../support/signing_keys.ts'
import { partsOf, payment, concatenated as policy, verifierWith } from './fixture.ts'

const key = signingKey('rsa-v1_5-sha256', 'merchant')
const old = signingKey('rsa-v1_5-sha256', 'merchant-old')
const others = [signingKey('rsa-pss-sha512'), signingKey('ed25519')]
const verifier = () => verifierWith([...others, old, key].map(({ publicKey }) => publicKey))
const sent = (request: UnsignedRequest = payment, signer: SigningKey = key): SignedParts =>
  partsOf(request, signedConcatenation(request, signer.privateKey).headers)

describe('a request signed over method, URL and body', () => {
  it('is signed over them in lower case, the body as it is without its white space', () => {
    const body = Buffer.from('{\n\t"To" : "FI21 1234",\r\n\v\f "ö": 1 }\n')
    const text = concatenatedText({ ...partsOf(payment, {}), authority: 'API2.example.com', path: '/V1/Pay%2F', body })
    expect(text.toString()).to.equal('postapi2.example.com/v1/pay%2f?currency=eur&x=%2f{"To":"FI211234","ö":1}')
  })

  it('keeps octets of a body that are no text', () => {
    const body = Buffer.from([0x00, 0xff, 0x20, 0xa0, 0x85])
    const text = concatenatedText({ ...partsOf(payment, {}), method: '', authority: '', path: '', query: '', body })
    expect([...text]).to.deep.equal([0x00, 0xff, 0xa0, 0x85])
  })

  it('holds with any of the keys that sign so, which rotate without a gap', () => {
    const verify = verifier()
    expect(verify(sent(), policy)).to.deep.equal({ status: 'verified', keyId: 'merchant' })
    expect(verify(sent(payment, old), policy)).to.deep.equal({ status: 'verified', keyId: 'merchant-old' })
  })

  it('says where the DevApp has no key that signs so', () => {
    const verify = verifierWith(others.map(({ publicKey }) => publicKey))
    expect(verify(sent(), policy)).to.include({ cause: 'no key of the DevApp signs by rsa-v1_5-sha256' })
  })

  const same: [string, Partial<SignedParts>][] = [
    ['white space in the body', { body: Buffer.from(' {"amount":"10.00","to":"FI211234"}\n') }],
    ['the case of the URL', { path: '/V1/Payments' }],
  ]
  for (const [what, change] of same)
    it(`does not cover ${what}`, () => {
      expect(verifier()({ ...sent(), ...change }, policy)).to.include({ status: 'verified' })
    })

  it('has nothing between URL and body', () => {
    const parts = { ...sent(), query: '', body: Buffer.from('?currency=eur&x=%2f{"amount":"10.00","to":"FI211234"}') }
    expect(verifier()(parts, policy)).to.include({ status: 'verified' })
  })

  const different: [string, Partial<SignedParts>][] = [
    ['method', { method: 'PUT' }],
    ['host', { authority: 'api.example.com' }],
    ['path', { path: '/v1/refunds' }],
    ['query', { query: '?currency=USD&x=%2F' }],
    ['byte of the body', { body: Buffer.from('{"amount": "90.00", "to": "FI21 1234"}') }],
    ['order of the keys in the body', { body: Buffer.from('{"to": "FI21 1234", "amount": "10.00"}') }],
    ['body, none', { body: new Uint8Array() }],
  ]
  for (const [what, change] of different)
    it(`does not hold with another ${what}`, () => {
      expect(verifier()({ ...sent(), ...change }, policy)).to.include({ status: 'invalid' })
    })

  it('is good once, until the policy forgets it', () => {
    const verify = verifier()
    const later = (ms: number): Date => new Date(now.getTime() + ms)
    expect(verify(sent(), policy)).to.include({ status: 'verified' })
    expect(verify(sent(), policy)).to.include({ status: 'replayed' })
    const spaced = { ...sent(), body: Buffer.from('{"amount":"10.00","to":"FI211234"}') }
    expect(verify(spaced, policy, later(3_599_999)), 'the same text').to.include({ status: 'replayed' })
    expect(verify(sent(), policy, later(3_600_000))).to.include({ status: 'verified' })
  })

  it('is missing without its header, and malformed where that is no Base64 of one signature', () => {
    const parts = sent()
    const header = parts.headers['x-signature'] ?? ''
    const withHeader = (value: string) => ({ ...parts, headers: { 'x-signature': value } })
    expect(verifier()({ ...parts, headers: {} }, policy)).to.deep.equal({ status: 'missing' })
    for (const value of ['', '*', `${header},${header}`, `${header}\n`, `${header}A`, 'A'.repeat(1_369), 'ä'])
      expect(verifier()(withHeader(value), policy), value).to.include({ status: 'malformed' })
    expect(verifier()(withHeader('AAAA'), policy)).to.include({ status: 'invalid' })
    expect(verifier()({ ...parts, query: '?a=!' }, policy)).to.include({ status: 'malformed' })
  })

  it('is of no use where the body is too long or cut', () => {
    expect(verifier()({ ...sent(), bodyStatus: 'cut' }, policy)).to.include({ status: 'body_too_large' })
    expect(verifier()(sent({ ...payment, body: Buffer.alloc(1_025, ' ') }), policy)).to.include({ limitBytes: 1_024 })
  })
})
