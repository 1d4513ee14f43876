import { X509Certificate } from 'node:crypto'
import {
  CertificateError,
  certificateFromDer,
  isSelfSigned,
  publicKeyOf,
  signatureOn,
} from '../../../src/pki/certificate.ts'
import { crlSubjectOf } from '../../../src/pki/crl_status.ts'
import { lazyCertificate } from '../../../src/pki/lazy_certificate.ts'
import { certIdOf } from '../../../src/pki/ocsp_request.ts'
import { changedDer } from '../mutators/der.ts'
import { chosen } from '../mutators/edit.ts'
import { issuing, others, plain, qwac, root } from '../seeds.ts'
import { signAnew } from '../signing.ts'
import { broken, type Target, valueOrError } from '../target.ts'

const issued = [qwac, plain, ...others, issuing.certificate, root.certificate]
const seeds = issued.map(({ der }) => der)
const issuer = certificateFromDer(issuing.certificate.der)

/** A certificate in DER: as the registry, a chain or Envoy brings it. node:crypto is the second opinion, of every one. */
export const certificate: Target = {
  name: 'certificate',
  seeds,
  mutant: ({ seed, edits, signed }) =>
    changedDer(chosen(seeds, seed), edits, signed ? (node) => signAnew(node, issuing.certificate) : undefined),
  examine: (input) => {
    const whole = valueOrError(() => certificateFromDer(input), CertificateError)
    const lazy = valueOrError(() => lazyCertificate(input), CertificateError)
    if (whole instanceof CertificateError) return 'refused'
    if (lazy instanceof CertificateError) return broken('it is read whole, and has no outline')
    for (const part of ['serialNumber', 'issuerDer', 'sha256', 'subject'] as const)
      if (lazy[part] !== whole[part]) broken(`${part}: whole ${whole[part]}, outline ${lazy[part]}`)
    if (lazy.commonNames.join('\0') !== whole.commonNames.join('\0')) broken('the outline has other common names')
    if (lazy.notAfter.getTime() !== whole.notAfter.getTime()) broken('the outline has another end')
    crlSubjectOf(whole)
    isSelfSigned(whole)
    signatureOn(whole, issuer)
    valueOrError(() => publicKeyOf(whole), CertificateError)
    valueOrError(() => certIdOf({ certificate: issuer, issuer: whole }, 'sha1'), CertificateError)
    const { qcStatements } = whole
    if (qcStatements?.warnings.some((warning) => /[\r\n]/.test(warning))) broken('a warning of several lines')

    const read = valueOrError(() => new X509Certificate(input), Error)
    if (read instanceof Error) return 'read by us alone'
    if (read.fingerprint256.replaceAll(':', '').toLowerCase() !== whole.sha256) broken('another fingerprint')
    const [ours, theirs] = [signedNumber(whole.serialNumber), BigInt(`0x${read.serialNumber.replace('-', '')}`)]
    if (ours !== (read.serialNumber.startsWith('-') ? -theirs : theirs) && ours !== theirs)
      broken(`serial number ${whole.serialNumber}, by OpenSSL ${read.serialNumber}`)
    for (const [mine, openssl] of [
      [whole.notBefore, read.validFrom],
      [whole.notAfter, read.validTo],
    ] as const)
      if (new Date(openssl).getTime() !== mine.getTime()) broken(`${mine.toISOString()}, by OpenSSL ${openssl}`)
    return 'good'
  },
}

/** Two's complement, of the contents octets. */
const signedNumber = (hex: string): bigint => BigInt.asIntN(4 * hex.length, BigInt(`0x${hex}`))
