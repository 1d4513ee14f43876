import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Certificate } from '../domain/certificate.ts'
import { certificateFromDer } from './certificate.ts'
import { outlineOf } from './certificate_outline.ts'

/** Those that call are read once; a registry of a hundred thousand does not stay in memory as a hundred thousand objects. */
const readings = new LRUCache<LazyCertificate, Certificate>({ max: 5_000 })

/**
 * A certificate of which only the DER is kept, and a fingerprint: the rest is read from it when it is asked for, which throws
 * CertificateError where it cannot be read. `der` is not copied. Throws CertificateError on what has no outline of a certificate.
 */
export function lazyCertificate(der: Uint8Array): Certificate {
  outlineOf(der)
  return new LazyCertificate(der)
}

class LazyCertificate implements Certificate {
  readonly sha256: string
  readonly der: Uint8Array

  constructor(der: Uint8Array) {
    this.der = der
    this.sha256 = hash('sha256', der, 'hex')
  }

  get serialNumber() {
    return readings.get(this)?.serialNumber ?? outlineOf(this.der).serialNumber
  }
  get commonNames() {
    return readings.get(this)?.commonNames ?? outlineOf(this.der).commonNames
  }
  get issuerDer() {
    return readings.get(this)?.issuerDer ?? outlineOf(this.der).issuerDer
  }
  get subject() {
    return this.#whole.subject
  }
  get issuer() {
    return this.#whole.issuer
  }
  get subjectDer() {
    return this.#whole.subjectDer
  }
  get notBefore() {
    return this.#whole.notBefore
  }
  get notAfter() {
    return this.#whole.notAfter
  }
  get extendedKeyUsage() {
    return this.#whole.extendedKeyUsage
  }
  get ocspUrls() {
    return this.#whole.ocspUrls
  }
  get crlUrls() {
    return this.#whole.crlUrls
  }
  get organizationIdentifier() {
    return this.#whole.organizationIdentifier
  }
  get qcStatements() {
    return this.#whole.qcStatements
  }

  get #whole(): Certificate {
    const known = readings.get(this)
    if (known !== undefined) return known
    const read = certificateFromDer(this.der)
    readings.set(this, read)
    return read
  }
}
