import { createHash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import type { DevApp } from '../domain/devapp.ts'
import { pemOf } from '../pki/certificate.ts'

/**
 * A CA whose key does not exist, as in envoy/envoy.yaml: the x-coordinate of its public key is the SHA-256 of its common name.
 * It stands in a trust store without CAs, since Envoy does not take an empty file.
 */
const nobody = `-----BEGIN CERTIFICATE-----
MIIBXDCCAUGgAwIBAgIBATAKBggqhkjOPQQDAjA0MTIwMAYDVQQDDClOb2JvZHkg
aG9sZHMgdGhlIGtleSBvZiB0aGlzIHRydXN0IGFuY2hvcjAgFw0yNjAxMDEwMDAw
MDBaGA85OTk5MTIzMTIzNTk1OVowNDEyMDAGA1UEAwwpTm9ib2R5IGhvbGRzIHRo
ZSBrZXkgb2YgdGhpcyB0cnVzdCBhbmNob3IwWTATBgcqhkjOPQIBBggqhkjOPQMB
BwNCAARBGFYMQd/ARwV0I13voMMBTueE2rF1vTPZy1uDQ/Tk6KkB07Qz3gdqxuXO
yW5gpGmwi3ArGPprLhimCRcrl1hOo0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1Ud
DwEB/wQEAwICBDAdBgNVHQ4EFgQUDp7QmaP7U9sdLqWO20NKtpwpy7owCgYIKoZI
zj0EAwIDCQAwBgIBAQIBAQ==
-----END CERTIFICATE-----
`

/** What Envoy trusts, as a whole. */
export interface Truststore {
  /** Equal for equal sets of CAs, and for no others: the SHA-256 of theirs, hex. */
  readonly version: string
  /** How many CAs; none trusts nobody. */
  readonly authorities: number
  /** As Envoy reads it. */
  readonly pem: string
}

/**
 * The trust store of the registered DevApps: the CAs of the enabled ones' chains and nothing else. `before` itself where it holds
 * the same CAs, which spares writing their PEM.
 */
export function truststoreOf(devApps: readonly DevApp[], before?: Truststore): Truststore {
  const authorities = trustedAuthorities(devApps)
  const hash = createHash('sha256')
  for (const { sha256 } of authorities) hash.update(sha256)
  const version = hash.digest('hex')
  if (version === before?.version) return before
  return { version, authorities: authorities.length, pem: truststorePem(authorities) }
}

/**
 * The CA certificates of the chains that enabled DevApps registered, each once, in the order of their SHA-256, so that an
 * unchanged registry gives an unchanged trust store.
 */
export function trustedAuthorities(devApps: readonly DevApp[]): readonly Certificate[] {
  const distinct = new Map<string, Certificate>()
  for (const { status, certificates } of devApps) {
    if (status !== 'enabled') continue
    for (const { chain } of certificates) for (const authority of chain) distinct.set(authority.sha256, authority)
  }
  return [...distinct.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
}

/** PEM as Envoy reads it; without CAs, an anchor that trusts nobody. */
export function truststorePem(authorities: readonly Certificate[]): string {
  return authorities.map(pemOf).join('') || nobody
}
