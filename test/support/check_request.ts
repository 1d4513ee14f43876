import type { Address__Output } from '../../src/envoy/generated/envoy/config/core/v3/Address.ts'
import type { CheckRequest__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckRequest.ts'
import type { CheckResponse__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import { PresentedCertificates } from '../../src/envoy/presented_certificates.ts'
import { authorizationService } from '../../src/envoy/protos.ts'
import { secretWatch } from './secret_watch.ts'

export interface CheckAttributes {
  readonly policy?: string
  readonly sni?: string
  readonly host?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** As on the wire: percent-encoded PEM. */
  readonly certificate?: string
  /** The client's address. */
  readonly source?: string
}

/** What Envoy sends, as grpc-js hands it over. */
export function checkRequest(sent: CheckAttributes): CheckRequest__Output {
  const host = sent.host ?? 'api.example.com'
  secretWatch.addAuthorization(sent.headers?.['authorization'])
  return {
    attributes: {
      source: {
        address: addressOf(sent.source),
        service: '',
        labels: {},
        principal: '',
        certificate: sent.certificate ?? '',
      },
      destination: null,
      request: {
        time: null,
        http: {
          id: '1',
          method: 'GET',
          headers: { ...sent.headers },
          header_map: null,
          path: sent.path ?? '/v1/data',
          host,
          scheme: 'https',
          query: '',
          fragment: '',
          size: 0,
          protocol: 'HTTP/2',
          body: '',
          raw_body: Buffer.alloc(0),
        },
      },
      context_extensions: sent.policy === undefined ? {} : { policy: sent.policy },
      metadata_context: null,
      route_metadata_context: null,
      tls_session: { sni: sent.sni ?? 'api.example.com' },
    },
  }
}

const addressOf = (address: string | undefined): Address__Output | null =>
  address === undefined
    ? null
    : {
        address: 'socket_address',
        socket_address: {
          ...{ protocol: 'TCP', address, resolver_name: '', ipv4_compat: false },
          ...{ port_specifier: 'port_value', port_value: 40_000 },
        },
      }

/** What reads certificates where none is registered. */
export const ofStrangers = new PresentedCertificates(() => undefined)

/** What Envoy reads in an answer. Throws where there is none. */
export function responseIn(bytes: Buffer | null | undefined): CheckResponse__Output {
  if (!bytes) throw new Error('no answer')
  return authorizationService.Check.responseDeserialize(bytes)
}
