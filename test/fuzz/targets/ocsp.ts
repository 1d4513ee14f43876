import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { ocspError, ocspResponse } from '../../support/ocsp.ts'
import { der, fixedNow } from '../../support/pki.ts'
import { changedDer, elementsIn, encoded } from '../mutators/der.ts'
import { chosen } from '../mutators/edit.ts'
import { atFixedNow, Openssl } from '../openssl.ts'
import { delegate, plain, plainIssuing, qwac, root } from '../seeds.ts'
import { basicResponseIn, signAnew } from '../signing.ts'
import { broken, type Target } from '../target.ts'

const about = { authority: plainIssuing, certificate: plain }
const byDelegate = { ...about, responder: delegate, responderId: 'byKey' } as const
const another = { certId: { serialNumber: '0123' } }
const seeds: readonly { readonly bytes: Buffer; readonly by: typeof delegate }[] = [
  { bytes: ocspResponse(about), by: plainIssuing.certificate },
  { bytes: ocspResponse({ ...about, status: 'revoked', reason: 'keyCompromise' }), by: plainIssuing.certificate },
  { bytes: ocspResponse({ ...about, status: 'unknown' }), by: plainIssuing.certificate },
  { bytes: ocspResponse(byDelegate), by: delegate },
  { bytes: ocspResponse({ ...byDelegate, status: 'revoked', reason: 'certificateHold' }), by: delegate },
  { bytes: ocspResponse({ ...byDelegate, embedded: [qwac, delegate, plainIssuing.certificate] }), by: delegate },
  {
    bytes: ocspResponse({ ...about, before: [another], after: [another, { status: 'revoked' }] }),
    by: plainIssuing.certificate,
  },
  {
    bytes: ocspResponse({
      ...{ ...about, nonce: Buffer.alloc(16, 7), nextUpdate: undefined, certId: { hashAlgorithm: 'sha256' } },
      singleExtensions: [{ oid: '1.3.6.1.5.5.7.48.1.6', value: der.generalizedTime(fixedNow) }],
    }),
    by: plainIssuing.certificate,
  },
  { bytes: ocspError('tryLater'), by: delegate },
]
const subject = { certificate: certificateFromDer(plain.der), issuer: certificateFromDer(plainIssuing.certificate.der) }
const openssl = new Openssl({
  'certificate.pem': plain.pem,
  'issuer.pem': plainIssuing.certificate.pem,
  'root.pem': root.certificate.pem,
})
/** OpenSSL compares thisUpdate and nextUpdate with the present, so it is given a skew of fifty years. */
const fiftyYears = 50 * 366 * 86_400

/** What a responder, or whoever sits between, sends; `openssl ocsp` is the second opinion. */
export const ocsp: Target = {
  name: 'ocsp',
  seeds: seeds.map(({ bytes }) => bytes),
  mutant: ({ seed, edits, signed }) => {
    const { bytes, by } = chosen(seeds, seed)
    return changedDer(bytes, edits, (node) => {
      const basic = signed ? basicResponseIn(node) : undefined
      if (basic !== undefined) signAnew(basic, by)
    })
  },
  examine: (input) => {
    const verdict = verifyOcspResponse(input, {
      ...{ subject, at: fixedNow, skewMs: 60_000, maxAgeMs: 86_400_000, allowSha1: false },
    })
    if (verdict.status === 'rejected') return verdict.code
    if (!(verdict.usableUntil.getTime() > fixedNow.getTime() - 60_000)) broken('an answer that is not usable')
    return verdict.status
  },
  secondOpinion: (input) => {
    // Nobody signed what is embedded: OpenSSL reads all of it, and this only the certificate that signed.
    if (isGoodByOpenssl(input) !== true && isGoodByOpenssl(withoutBystanders(input)) !== true)
      broken(`good, and OpenSSL says otherwise: ${isGoodByOpenssl(withoutBystanders(input))}`)
  },
}

/** Or what OpenSSL says instead. */
function isGoodByOpenssl(response: Uint8Array): true | string {
  openssl.write('response.der', response)
  let said = ''
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512']) {
    const { status, output } = openssl.run(
      `ocsp -${hash} -respin response.der -issuer issuer.pem -cert certificate.pem -no_nonce -CAfile root.pem -verify_other issuer.pem`,
      ...['-validity_period', String(fiftyYears), '-attime', atFixedNow],
    )
    if (status === 0 && output.includes('Response verify OK') && /^certificate\.pem: good$/m.test(output)) return true
    said += output
  }
  return said
}

/** The response with the delegate's certificate in place of all that are embedded. */
function withoutBystanders(response: Uint8Array): Uint8Array {
  const [whole] = elementsIn(response) ?? []
  const embedded = whole && basicResponseIn(whole)?.children?.[3]
  if (whole === undefined || embedded === undefined) return response
  embedded.children = elementsIn(der.sequence(delegate.der))
  return encoded(whole)
}
