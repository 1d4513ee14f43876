import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { type OcspExpectation, type OcspVerdict, verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

export const root = Authority.root()
export const authority = root.issueAuthority()
export const certificate = authority.issue({ serialNumber: '008001' })

export const subjectOf = (leaf: IssuedCertificate, ca: Authority = authority): OcspExpectation['subject'] => ({
  certificate: certificateFromDer(leaf.der),
  issuer: certificateFromDer(ca.certificate.der),
})
export const subject = subjectOf(certificate)

export const minutes = (count: number): number => count * 60_000
export const fromNow = (ms: number): Date => new Date(fixedNow.getTime() + ms)

export type Given = Partial<OcspResponseOptions>
export type Expected = Partial<OcspExpectation>

/** At `fixedNow`, with no skew, an hour of maximum age, and no SHA-1. */
export const expectation = (expected: Expected = {}): OcspExpectation => ({
  ...{ subject, at: fixedNow, skewMs: 0, maxAgeMs: minutes(60), allowSha1: false },
  ...expected,
})

/** What is said of a response by `authority` about `certificate`, good unless `given` says otherwise. */
export const verdict = (given: Given = {}, expected: Expected = {}): OcspVerdict =>
  verifyOcspResponse(ocspResponse({ authority, certificate, ...given }), expectation(expected))

/** The status, or the code where it is rejected. */
export const inOneWord = (result: OcspVerdict): string => (result.status === 'rejected' ? result.code : result.status)

export const outcome = (given: Given = {}, expected: Expected = {}): string => inOneWord(verdict(given, expected))
export const outcomeOf = (bytes: Uint8Array): string => inOneWord(verifyOcspResponse(bytes, expectation()))
