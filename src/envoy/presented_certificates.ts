import { LRUCache } from 'lru-cache'
import type { Certificate } from '../domain/certificate.ts'
import type { PresentedCertificate } from '../domain/request.ts'
import { certificateFromDer, derFromPem } from '../pki/certificate.ts'

/** A longer certificate is refused unread: a QWAC with a long chain of policies takes about 6 KiB in this encoding. */
const maxLength = 64 * 1024
/** About ten thousand certificates. */
const maxRememberedLength = 32 * 1024 * 1024

/** The registered leaf with this DER, as it was read already; `undefined` where none is registered. */
export type RegisteredLeaf = (der: Uint8Array) => Certificate | undefined

/**
 * Reads the certificates that Envoy sends with requests. How that of a registered leaf reads is remembered by the exact text:
 * the same bytes always read the same, and whether they are registered is asked anew each time. What nobody registered is not
 * remembered, so that a flood of strangers drives nobody out.
 */
export class PresentedCertificates {
  readonly #registeredLeaf: RegisteredLeaf
  readonly #remembered = new LRUCache<string, PresentedCertificate>({
    maxSize: maxRememberedLength,
    sizeCalculation: (_, encoded) => encoded.length,
  })

  constructor(registeredLeaf: RegisteredLeaf) {
    this.#registeredLeaf = registeredLeaf
  }

  /** Of percent-encoded PEM, an empty text being no certificate. Total: what cannot be read is malformed, with the reason. */
  read(encoded: string): PresentedCertificate {
    if (encoded === '') return { status: 'absent' }
    return this.#remembered.get(encoded) ?? this.#readAnew(encoded)
  }

  #readAnew(encoded: string): PresentedCertificate {
    if (encoded.length > maxLength) return { status: 'malformed', cause: `${encoded.length} characters long` }
    try {
      const der = derFromPem(decodeURIComponent(encoded))
      const registered = this.#registeredLeaf(der)
      const presented = { status: 'presented', certificate: registered ?? certificateFromDer(der) } as const
      if (registered !== undefined) this.#remembered.set(encoded, presented)
      return presented
    } catch (error) {
      return { status: 'malformed', cause: error instanceof Error ? error.message : String(error) }
    }
  }
}
