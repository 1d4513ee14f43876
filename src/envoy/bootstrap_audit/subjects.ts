import { authorizationRules } from './authorization_rules.ts'
import { bypassRules } from './bypass_rules.ts'
import { clientRules } from './client_rules.ts'
import { envoyRules } from './envoy_rules.ts'
import { headerRules } from './header_rules.ts'
import { hostnameRules } from './hostname_rules.ts'
import { policyRules } from './policy_rules.ts'
import { routingRules } from './routing_rules.ts'
import type { Rule } from './rule.ts'
import { serviceClusterRules } from './service_cluster_rules.ts'
import { serviceRequestRules } from './service_request_rules.ts'
import { signedBodyRules } from './signed_body_rules.ts'
import { tlsRules } from './tls_rules.ts'
import { trustStoreRules } from './trust_store_rules.ts'
import { tryItRules } from './try_it_rules.ts'

export const unreadable: Rule = {
  code: 'unreadable',
  severity: 'error',
  why: 'What cannot be read cannot be judged.',
  cure: 'Mend the file, or its name. A relative path starts at the folder of the bootstrap.',
  broken: (gateway) => gateway.unreadable,
}

export const configurationUnusable: Rule = {
  code: 'configuration_unusable',
  severity: 'error',
  why: 'Without it, neither hostnames nor policies nor times can be compared.',
  cure: 'Mend what `devapp-authz check-config` names.',
  broken: () => [],
}

/** All rules, in the order of docs/check-envoy.md. */
export const subjects: readonly { readonly title: string; readonly rules: readonly Rule[] }[] = [
  { title: 'Asking the service', rules: authorizationRules },
  { title: 'What the service is sent', rules: [...serviceRequestRules, ...signedBodyRules] },
  { title: 'Reaching the service', rules: serviceClusterRules },
  { title: 'Ways around the service', rules: bypassRules },
  { title: 'Routes', rules: routingRules },
  { title: 'Policies', rules: policyRules },
  { title: 'Hostnames', rules: hostnameRules },
  { title: 'TLS', rules: tlsRules },
  { title: 'Trust store', rules: trustStoreRules },
  { title: 'The hostname to try a certificate on', rules: tryItRules },
  { title: 'Headers', rules: headerRules },
  { title: 'Requests', rules: clientRules },
  { title: 'Envoy and its files', rules: [...envoyRules, unreadable, configurationUnusable] },
]
