import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crlSubjectOf, statusByCrl } from '../../../src/pki/crl_status.ts'
import { type CrlExpectation, type CrlVerdict, type VerifiedCrl, verifyCrl } from '../../../src/pki/crl_verification.ts'
import { type CrlOptions, crl } from '../../support/crl.ts'
import { Authority, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

export const location = 'http://crl.example.com/issuing.crl'
export const root = Authority.root()
export const authority = root.issueAuthority()
export const leaf = authority.issue({ serialNumber: '008001', crlUrls: [location] })

export const minutes = (count: number): number => count * 60_000
export const fromNow = (ms: number): Date => new Date(fixedNow.getTime() + ms)

export type Given = Partial<CrlOptions>
export type Expected = Partial<CrlExpectation>

/** At `fixedNow`, with no skew, an hour of maximum age, and no SHA-1. */
export const expectation = (expected: Expected = {}): CrlExpectation => ({
  ...{ issuer: certificateFromDer(authority.certificate.der), at: fixedNow },
  ...{ skewMs: 0, maxAgeMs: minutes(60), allowSha1: false },
  ...expected,
})

/** What is said of a CRL by `authority`, empty and complete unless `given` says otherwise. */
export const verdict = (given: Given = {}, expected: Expected = {}): CrlVerdict =>
  verifyCrl(crl({ issuer: authority.certificate, ...given }), expectation(expected))

/** `verified`, or the code where it is rejected. */
export const inOneWord = (result: CrlVerdict): string => (result.status === 'rejected' ? result.code : result.status)
export const outcome = (given: Given = {}, expected: Expected = {}): string => inOneWord(verdict(given, expected))
export const outcomeOf = (bytes: Uint8Array, expected: Expected = {}): string =>
  inOneWord(verifyCrl(bytes, expectation(expected)))

export function verified(given: Given = {}, expected: Expected = {}): VerifiedCrl {
  const result = verdict(given, expected)
  if (result.status === 'rejected') throw new Error(`${result.code} ${result.detail}`)
  return result
}

/** What such a CRL says of a certificate: its status, or the code where it is not about that one. */
export function statusOf(certificate: IssuedCertificate, given: Given = {}): string {
  const said = statusByCrl(verified(given), crlSubjectOf(certificateFromDer(certificate.der)))
  return said.status === 'rejected' ? said.code : said.status
}
