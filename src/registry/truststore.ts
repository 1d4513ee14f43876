import type { Certificate } from '../domain/certificate.ts'
import type { DevApp } from '../domain/devapp.ts'
import { pemOf } from '../pki/certificate.ts'

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

/**
 * The trust store as a secret that Envoy reads from a file (`path_config_source`), in JSON, which is YAML too. Without CAs it
 * sets none: Envoy's default validation context, which trusts nobody, then stands alone.
 */
export function truststoreSecret(authorities: readonly Certificate[]): string {
  const trusted = authorities.map(pemOf).join('')
  const secret = {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
    name: 'truststore',
    validation_context: trusted === '' ? {} : { trusted_ca: { inline_string: trusted } },
  }
  return `${JSON.stringify({ resources: [secret] }, undefined, 2)}\n`
}
