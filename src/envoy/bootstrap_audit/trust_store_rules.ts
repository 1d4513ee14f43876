import type { FilterChain, Gateway } from './gateway.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { gatesOf } from './scope.ts'
import { type Validation, validationIn } from './validation.ts'

/** Whose client certificates Envoy lets in. Chains that only Envoy itself answers behind let in whom they like. */
export const trustStoreRules: readonly Rule[] = [
  {
    code: 'untrusted_accepted',
    severity: 'error',
    why: 'Any certificate gets as far as HTTP, self-signed ones too.',
    cure: 'Remove `trust_chain_verification`: the default verifies the chain.',
    broken: (gateway) =>
      eachValidation(gateway, ({ own }) => {
        const verification = own.at('trust_chain_verification')
        const accepts = verification.oneOf(['VERIFY_TRUST_CHAIN', 'ACCEPT_UNTRUSTED']) !== 'VERIFY_TRUST_CHAIN'
        return brokenIf(accepts, verification, 'chains are not verified')
      }),
  },
  {
    code: 'expired_accepted',
    severity: 'error',
    why: 'Certificates get as far as HTTP although their time has passed.',
    cure: 'Remove `allow_expired_certificate`.',
    broken: (gateway) =>
      eachValidation(gateway, ({ own }) => {
        const allowed = own.at('allow_expired_certificate')
        return brokenIf(allowed.isTrue, allowed, 'expired certificates are accepted')
      }),
  },
  {
    code: 'trust_store_missing',
    severity: 'error',
    why: 'Without a trust store Envoy accepts every client certificate, self-signed ones too, even with `require_client_certificate: true`.',
    cure: 'Take over `combined_validation_context` from envoy/envoy.yaml.',
    broken: (gateway) =>
      gatesOf(gateway).flatMap(({ tls }) => {
        const validation = tls && validationIn(tls.context)
        const common = tls?.context.at('common_tls_context')
        if (validation === undefined)
          return common === undefined || !tls?.requiresClientCertificate
            ? []
            : brokenIf(
                true,
                common.at('combined_validation_context'),
                'nothing says which client certificates are trusted',
              )
        const trusted = validation.own.at('trusted_ca')
        return brokenIf(!validation.sds.exists && !trusted.exists, trusted, 'no CA is named')
      }),
  },
  {
    code: 'trust_store_without_anchor',
    severity: 'error',
    why: 'While the trust store is empty, Envoy accepts every client certificate, self-signed ones too.',
    cure: 'Take over `default_validation_context` from envoy/envoy.yaml: its `trusted_ca` has a key that nobody holds.',
    broken: (gateway) =>
      eachValidation(gateway, ({ own, sds, isCombined }) => {
        if (!sds.exists) return []
        if (!isCombined) return brokenIf(true, sds, 'the trust store stands alone, without a default')
        return brokenIf(!own.at('trusted_ca').exists, own.at('trusted_ca'), 'the default names no CA')
      }),
  },
  {
    code: 'client_ca_list_sent',
    severity: 'error',
    why: 'The handshake lists the subjects of all CAs: strangers learn who is registered, and past some hundred CAs every handshake fails.',
    cure: 'Set `suppress_client_ca_list: true` in the default validation context.',
    broken: (gateway) =>
      eachValidation(gateway, ({ own }) => {
        const suppressed = own.at('suppress_client_ca_list')
        return brokenIf(!suppressed.isTrue, suppressed, 'the names of the CAs are sent to everybody')
      }),
  },
]

function eachValidation(gateway: Gateway, broken: (validation: Validation, chain: FilterChain) => readonly Broken[]) {
  return gatesOf(gateway).flatMap((chain) => {
    const validation = chain.tls && validationIn(chain.tls.context)
    return validation === undefined ? [] : broken(validation, chain)
  })
}
