import type { DownstreamTls, FilterChain } from './gateway.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { channelsOf, gatesOf } from './scope.ts'
import { hasValidation } from './validation.ts'

/** What Envoy asks of the TLS of its callers. */
export const tlsRules: readonly Rule[] = [
  {
    code: 'listener_without_tls',
    severity: 'error',
    why: 'Requests come unencrypted, without SNI and without a client certificate, so that the service refuses them. Whatever else lies behind the listener is open.',
    cure: 'Give the filter chain the transport socket of envoy/envoy.yaml, or let it answer with redirects alone.',
    broken: (gateway) =>
      gatesOf(gateway).flatMap(({ part, tls, isInternal }) =>
        brokenIf(
          tls === undefined && !isInternal,
          part.at('transport_socket'),
          'the filter chain takes connections without TLS',
        ),
      ),
  },
  {
    code: 'client_certificate_optional',
    severity: 'error',
    why: 'On a 2-way hostname, connections without a client certificate get as far as HTTP.',
    cure: 'Set `require_client_certificate: true`. A 1-way hostname has no validation context.',
    broken: (gateway, service) =>
      eachTls(gatesOf(gateway), ({ context, requiresClientCertificate }, chain) => {
        const channels = service === undefined ? new Set() : channelsOf(chain, service)
        // Of hostnames that the service does not know, the filter chain itself tells what it is meant for.
        const is2Way = channels.size === 0 ? hasValidation(context) : channels.has('mtls')
        const required = context.at('require_client_certificate')
        return brokenIf(is2Way && !requiresClientCertificate, required, 'a client certificate is not demanded')
      }),
  },
  {
    code: 'client_certificate_on_tls',
    severity: 'error',
    why: 'On a 1-way hostname, the service refuses requests that come with a client certificate (`request_malformed`).',
    cure: 'Remove `require_client_certificate` and the validation context, or make it a hostname of `mtls`.',
    broken: (gateway, service) =>
      eachTls(gatesOf(gateway), ({ context, requiresClientCertificate }, chain) => {
        const is1Way = service !== undefined && channelsOf(chain, service).has('tls')
        const asks = requiresClientCertificate || hasValidation(context)
        return brokenIf(is1Way && asks, context.at('require_client_certificate'), 'a client certificate is asked for')
      }),
  },
  {
    code: 'tls_version',
    severity: 'error',
    why: 'TLS below 1.2 is broken and forbidden (RFC 8996).',
    cure: 'Set `tls_minimum_protocol_version: TLSv1_2`.',
    broken: (gateway) =>
      eachTls(gatesOf(gateway), ({ context }) => {
        const version = context.at('common_tls_context', 'tls_params', 'tls_minimum_protocol_version')
        const lowest = version.oneOf(['TLS_AUTO', 'TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'])
        return brokenIf(lowest === 'TLSv1_0' || lowest === 'TLSv1_1', version, `${lowest} is accepted`)
      }),
  },
  {
    code: 'early_data',
    severity: 'error',
    why: 'Whoever recorded a request can send it again as early data (0-RTT, RFC 8446 8).',
    cure: 'Set `enable_early_data: false`.',
    broken: (gateway) =>
      eachTls(gatesOf(gateway), ({ kind, socket }) => {
        const enabled = socket.at('enable_early_data')
        return brokenIf(kind === 'quic' && (!enabled.exists || enabled.isTrue), enabled, 'QUIC takes early data')
      }),
  },
]

function eachTls(
  chains: readonly FilterChain[],
  broken: (tls: DownstreamTls, chain: FilterChain) => readonly Broken[],
): readonly Broken[] {
  return chains.flatMap((chain) => (chain.tls === undefined ? [] : broken(chain.tls, chain)))
}
