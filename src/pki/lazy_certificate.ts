import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificateFromDer } from './certificate.ts'
import { commonNamesIn, notAfterIn, outlineOf } from './certificate_outline.ts'

/** Those that call are read once; a registry of a hundred thousand does not stay in memory as a hundred thousand objects. */
const readings = new LRUCache<LazyCertificate, Certificate>({ max: 10_000 })

/**
 * A certificate of which only the DER is kept, and a fingerprint: the rest is read from it when it is asked for, which throws
 * CertificateError where it cannot be read. `der` is copied. Throws CertificateError on what has no outline of a certificate, and
 * from 64 KiB on.
 */
export function lazyCertificate(der: Uint8Array): Certificate {
  if (der.length > maxDerBytes) throw new CertificateError(`a certificate of more than ${maxDerBytes} octets`)
  return new LazyCertificate(der)
}

/** Positions in it have two octets. */
const maxDerBytes = 65_535

/** One block of memory for many: each by itself would take as much again. */
const slabBytes = 262_144
let slab = Buffer.alloc(0)
let used = 0

/** What stands before the DER: its SHA-256, and where in it the parts of the outline begin and end, two octets each. */
const headerBytes = 48
const sha256At = -48
const sha256End = -16
const part = { serialNumber: -16, issuer: -12, subject: -8, commonName: -4 } as const
type Part = keyof typeof part

class LazyCertificate implements Certificate {
  readonly #slab: Buffer
  /** Of the DER. */
  readonly #at: number
  readonly #length: number
  #notAfterMs: number | undefined

  constructor(der: Uint8Array) {
    const length = headerBytes + der.length
    if (used + length > slab.length) {
      slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, length))
      used = 0
    }
    const at = used + headerBytes
    slab.set(der, at)
    this.#slab = slab
    this.#at = at
    this.#length = der.length
    const outline = outlineOf(slab, at, at + der.length)
    slab.writeUInt16LE(outline.serialNumberAt, at + part.serialNumber)
    slab.writeUInt16LE(outline.serialNumberEnd, at + part.serialNumber + 2)
    slab.writeUInt16LE(outline.issuerAt, at + part.issuer)
    slab.writeUInt16LE(outline.issuerEnd, at + part.issuer + 2)
    slab.writeUInt16LE(outline.subjectAt, at + part.subject)
    slab.writeUInt16LE(outline.subjectEnd, at + part.subject + 2)
    slab.writeUInt16LE(outline.commonNameAt, at + part.commonName)
    slab.writeUInt16LE(outline.commonNameEnd, at + part.commonName + 2)
    // Others are read now, so that what is wrong with them is said.
    if (outline.commonNameAt === 0) commonNamesIn(slab.subarray(at + outline.subjectAt, at + outline.subjectEnd))
    slab.write(hash('sha256', der, 'binary'), at + sha256At, 'latin1')
    used += length
  }

  get sha256(): string {
    return this.#slab.toString('hex', this.#at + sha256At, this.#at + sha256End)
  }

  get der(): Buffer {
    return this.#slab.subarray(this.#at, this.#at + this.#length)
  }

  get serialNumber() {
    return this.#text('hex', 'serialNumber')
  }
  get commonNames() {
    const only = this.#text('latin1', 'commonName')
    return only === '' ? commonNamesIn(Buffer.from(this.subjectDer, 'hex')) : [only]
  }
  get issuerDer() {
    return this.#text('hex', 'issuer')
  }
  get subjectDer() {
    return this.#text('hex', 'subject')
  }
  get subject() {
    return this.#whole.subject
  }
  get issuer() {
    return this.#whole.issuer
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

  #text(encoding: 'hex' | 'latin1', name: Part): string {
    const at = this.#at + part[name]
    const [from, to] = [this.#slab.readUInt16LE(at), this.#slab.readUInt16LE(at + 2)]
    return this.#slab.toString(encoding, this.#at + from, this.#at + to)
  }

  get #whole(): Certificate {
    const known = readings.get(this)
    if (known !== undefined) return known
    const read = certificateFromDer(this.der)
    readings.set(this, read)
    return read
  }
}
