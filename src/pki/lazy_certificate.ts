import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Certificate } from '../domain/certificate.ts'
import { certificateFromDer } from './certificate.ts'
import { type CertificateOutline, notAfterIn, outlineOf } from './certificate_outline.ts'

/** Those that call are read once; a registry of a hundred thousand does not stay in memory as a hundred thousand objects. */
const readings = new LRUCache<LazyCertificate, Certificate>({ max: 1_000 })

/**
 * A certificate of which only the DER is kept, and a fingerprint: the rest is read from it when it is asked for, which throws
 * CertificateError where it cannot be read. `der` is copied. Throws CertificateError on what has no outline of a certificate.
 */
export function lazyCertificate(der: Uint8Array): Certificate {
  const certificate = new LazyCertificate(der)
  certificate.readOutline()
  return certificate
}

/** One block of memory for many: each by itself would take as much again. */
const slabBytes = 262_144
let slab = Buffer.alloc(0)
let used = 0

class LazyCertificate implements Certificate {
  readonly sha256: string
  readonly #slab: Buffer
  readonly #at: number
  readonly #length: number
  #notAfterMs: number | undefined

  constructor(der: Uint8Array) {
    if (used + der.length > slab.length) {
      slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, der.length))
      used = 0
    }
    slab.set(der, used)
    this.sha256 = hash('sha256', der, 'hex')
    this.#slab = slab
    this.#at = used
    this.#length = der.length
    used += der.length
  }

  readOutline(): CertificateOutline {
    // One after another is asked for, each several times.
    if (outlined?.certificate !== this) outlined = { certificate: this, outline: outlineOf(this.der) }
    return outlined.outline
  }

  get der(): Buffer {
    return this.#slab.subarray(this.#at, this.#at + this.#length)
  }

  get serialNumber() {
    return this.#outline.serialNumber
  }
  get commonNames() {
    return this.#outline.commonNames
  }
  get issuerDer() {
    return this.#outline.issuerDer
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
  /** All are asked for, again and again, by whoever looks for the next one to end. */
  get notAfter() {
    this.#notAfterMs ??= notAfterIn(this.der)
    return new Date(this.#notAfterMs)
  }
  get extendedKeyUsage() {
    return this.#whole.extendedKeyUsage
  }
  get ocspUrls() {
    // Asked of every leaf once, ahead of all requests: no sign that it calls.
    return (readings.get(this) ?? certificateFromDer(this.der)).ocspUrls
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

  get #outline(): CertificateOutline {
    return readings.get(this) ?? this.readOutline()
  }

  get #whole(): Certificate {
    const known = readings.get(this)
    if (known !== undefined) return known
    const read = certificateFromDer(this.der)
    readings.set(this, read)
    return read
  }
}

let outlined: { readonly certificate: LazyCertificate; readonly outline: CertificateOutline } | undefined
