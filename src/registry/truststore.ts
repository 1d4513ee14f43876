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

/**
 * The CA certificates of the chains that enabled DevApps registered, each once, in the order of their SHA-256, so that an
 * unchanged registry gives an unchanged trust store.
 */
export function trustedAuthorities(devApps: readonly DevApp[]): readonly Certificate[] {
  const authorities = devApps
    .filter(({ status }) => status === 'enabled')
    .flatMap(({ certificates }) => certificates.flatMap(({ chain }) => chain))
  const distinct = new Map(authorities.map((authority) => [authority.sha256, authority]))
  return [...distinct.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1))
}

/** The trust store as Envoy reads it, PEM; one without CAs trusts nobody. */
export function truststorePem(authorities: readonly Certificate[]): string {
  return authorities.map(pemOf).join('') || nobody
}
