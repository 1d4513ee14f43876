import type { SentChain } from '../domain/chain.ts'
import { certificatesFromPem } from '../pki/certificate.ts'

/** Five certificates with the longest that are read; BoringSSL lets a handshake bring some 300 KiB in this encoding. */
const maxLength = 256 * 1024
const maxCertificates = 10

/**
 * The certificates in the `Chain` of an `x-forwarded-client-cert` that Envoy made itself: percent-encoded PEM, the leaf first. None
 * where there is no header. Total: what a client sent wrongly is a status.
 */
export function sentChainIn(header: string | undefined): SentChain {
  if (header === undefined || header === '') return { status: 'read', certificates: [] }
  if (header.length > maxLength) return malformed('more than 256 KiB')
  const encoded = /(?:^|;)Chain="([^"]*)"/i.exec(header)?.[1]
  if (encoded === undefined) return { status: 'read', certificates: [] }
  try {
    const pem = decodeURIComponent(encoded)
    if (pem.split('-----BEGIN CERTIFICATE-----').length - 1 > maxCertificates)
      return malformed(`more than ${maxCertificates} certificates`)
    return { status: 'read', certificates: certificatesFromPem(pem) }
  } catch (error) {
    return malformed(error instanceof Error ? error.message : String(error))
  }
}

const malformed = (cause: string): SentChain => ({ status: 'malformed', cause })
