import { matchesText } from './matcher.ts'
import type { Part } from './part.ts'
import { type Broken, brokenIf, type Rule } from './rule.ts'
import { filterChainsOf, ofAuthorizer, trialsOf } from './scope.ts'

/** The request headers that a decision needs. */
const neededHeaders = ['authorization', 'x-client-key', 'x-request-id'] as const

/** What of a request the service is sent. */
export const serviceRequestRules: readonly Rule[] = [
  {
    code: 'service_starved',
    severity: 'error',
    why: 'A header that the service decides by does not arrive: Basic fails for everybody, a certificate of several DevApps stays ambiguous, or a decision is logged without its request.',
    cure: `Let \`allowed_headers\` name ${neededHeaders.join(', ')}, and \`disallowed_headers\` none of them.`,
    broken: (gateway, service) => {
      const trials = trialsOf(gateway, service)
      return filterChainsOf(gateway).flatMap((chain) => {
        // Where certificates are tried, no secret is.
        const needed = trials.includes(chain) ? neededHeaders.filter((name) => name !== 'authorization') : neededHeaders
        return chain.http.flatMap(({ authorizers }) =>
          authorizers.flatMap(({ config }) => [
            ...withheld(config.at('allowed_headers'), needed),
            ...struck(config.at('disallowed_headers'), needed),
          ]),
        )
      })
    },
  },
  {
    code: 'service_sent_all_headers',
    severity: 'warning',
    why: 'Cookies and tokens that are meant for the upstream go to the service too, and cost time.',
    cure: 'Name the headers that the service reads in `allowed_headers`, as envoy/envoy.yaml does.',
    broken: ofAuthorizer((config) => {
      const allowed = config.at('allowed_headers')
      return brokenIf(!allowed.exists, allowed, 'every header is sent to the service')
    }),
  },
]

function withheld(allowed: Part, needed: readonly string[]): readonly Broken[] {
  if (!allowed.exists) return []
  const patterns = allowed.at('patterns').items()
  const missing = needed.filter((name) => !patterns.some((pattern) => matchesText(pattern, name)))
  return brokenIf(missing.length > 0, allowed, `it lacks ${missing.join(', ')}`)
}

function struck(disallowed: Part, needed: readonly string[]): readonly Broken[] {
  return disallowed
    .at('patterns')
    .items()
    .flatMap((pattern) => {
      const taken = needed.filter((name) => matchesText(pattern, name))
      return brokenIf(taken.length > 0, pattern, `it takes away ${taken.join(', ')}`)
    })
}
