import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crlSubjectOf, statusByCrl } from '../../../src/pki/crl_status.ts'
import { verifyCrl } from '../../../src/pki/crl_verification.ts'
import { crl as crlOf } from '../../support/crl.ts'
import { fixedNow, pemOf } from '../../support/pki.ts'
import { changedDer } from '../mutators/der.ts'
import { chosen } from '../mutators/edit.ts'
import { atFixedNow, Openssl } from '../openssl.ts'
import { crlUrl, plain, plainIssuing } from '../seeds.ts'
import { signAnew } from '../signing.ts'
import { broken, type Target } from '../target.ts'

const issuer = plainIssuing.certificate
const { serialNumber } = plain
const lists = [
  crlOf({ issuer }),
  crlOf({ issuer, revoked: [{ serialNumber: '01' }, { serialNumber, reason: 1 }] }),
  crlOf({ issuer, revoked: [{ serialNumber: '7f', reason: 6 }, { serialNumber: '008001' }] }),
  crlOf({ issuer, issuingDistributionPoint: { urls: [crlUrl], onlyContainsUserCerts: true } }),
  crlOf({ issuer, version: undefined, number: undefined, revoked: [{ serialNumber: '02' }] }),
  crlOf({ issuer, nextUpdate: undefined, extensions: [{ oid: '2.5.29.35' }, { oid: '1.2.3.4', critical: false }] }),
]
const subject = crlSubjectOf(certificateFromDer(plain.der))
const expectation = {
  ...{ issuer: certificateFromDer(issuer.der), at: fixedNow, skewMs: 0, maxAgeMs: 86_400_000, allowSha1: false },
}
const openssl = new Openssl({ 'issuer.pem': issuer.pem, 'leaf.pem': plain.pem })

/** A CRL; `openssl verify -crl_check` is the second opinion. */
export const crl: Target = {
  name: 'crl',
  seeds: lists,
  mutant: ({ seed, edits, signed }) =>
    changedDer(chosen(lists, seed), edits, signed ? (node) => signAnew(node, issuer) : undefined),
  examine: (input) => {
    const verdict = verifyCrl(input, expectation)
    if (verdict.status === 'rejected') return verdict.code
    if (verdict.usableUntil <= fixedNow) broken('a CRL that has ended')
    const said = statusByCrl(verdict, subject)
    return said.status === 'rejected' ? said.code : said.status
  },
  secondOpinion: (input) => {
    openssl.write('crl.pem', pemOf(input, 'X509 CRL'))
    const { status, output } = openssl.run(
      `verify -crl_check -partial_chain -trusted issuer.pem -CRLfile crl.pem -attime ${atFixedNow} leaf.pem`,
    )
    if (status !== 0) broken(`good, and OpenSSL says otherwise: ${output}`)
  },
}
