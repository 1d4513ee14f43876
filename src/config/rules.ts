import { channels } from '../domain/policy.ts'
import { basicRules } from './basic_rules.ts'
import { consoleRules } from './console_schema.ts'
import { valueAt } from './document.ts'
import { refusedIssuerSchema } from './intake_schema.ts'
import { ocspRules } from './ocsp_rules.ts'
import { policiesOf, policyRules } from './policy_rules.ts'
import { psd2Schema } from './policy_schema.ts'
import { endpointOf, isElsewhere, postgresSchema } from './postgres_schema.ts'
import { isSection, items, type Rule, readable, unless } from './rule.ts'
import { logSchema } from './schema.ts'
import { signatureRules } from './signature_rules.ts'
import { hostname } from './values.ts'

/** Everything that holds between parts of a configuration, in the order of docs/configuration.md. */
export const rules: readonly Rule[] = [
  {
    says: 'A hostname stands once: no name is on two channels.',
    broken: (file) => {
      const seen = new Set<string>()
      return channels.flatMap((channel) =>
        items(valueAt(file, ['hostnames', channel])).flatMap((written, index) => {
          const name = hostname.safeParse(written).data
          const repeated = name !== undefined && seen.has(name)
          if (name !== undefined) seen.add(name)
          const cure = 'give each hostname once: the kinds exclude each other'
          return repeated
            ? [{ path: ['hostnames', channel, index], message: '{written} stands here a second time', cure }]
            : []
        }),
      )
    },
  },
  ...policyRules,
  ...signatureRules,
  {
    says: '`registry` has one of `file` and `postgres`.',
    broken: (file) => {
      const registry = valueAt(file, ['registry'])
      if (!isSection(registry)) return []
      const kinds = ['file', 'postgres'].filter((kind) => valueAt(registry, [kind]) !== undefined)
      return [
        ...unless(kinds.length > 0, ['registry'], {
          message: 'it says not where the DevApps are',
          cure: 'add file or postgres',
        }),
        ...unless(kinds.length < 2, ['registry'], {
          message: `it has ${kinds.join(' and ')}`,
          cure: 'keep one of them',
        }),
      ]
    },
  },
  {
    says: '`registry.postgres` has one password, and TLS where it is on another machine, unless `plaintext` says otherwise.',
    broken: (file) => {
      const path = ['registry', 'postgres']
      const { url, plaintext, password_file } = readable(postgresSchema, valueAt(file, path))
      if (url === undefined) return []
      const endpoint = endpointOf(url)
      const encrypted = valueAt(file, [...path, 'tls']) !== undefined
      return [
        ...unless(endpoint.password === undefined || password_file === undefined, [...path, 'password_file'], {
          message: 'the URL holds a password too',
          cure: 'keep one of them',
        }),
        ...unless(encrypted || plaintext !== false || !isElsewhere(endpoint), [...path, 'tls'], {
          message: 'it is missing: who sits on the way to the database would decide who gets in',
          cure: 'write tls: {}, or plaintext: true where the network itself encrypts',
        }),
        ...unless(!(encrypted && endpoint.host.startsWith('/')), [...path, 'tls'], {
          message: 'PostgreSQL does not speak TLS over a Unix socket',
          cure: 'remove it',
        }),
      ]
    },
  },
  {
    says: '`qwac: required` needs `qtsps`.',
    broken: (file) => {
      const needing = policiesOf(file).filter(([, policy]) => {
        const psd2 = valueAt(policy, ['psd2'])
        return psd2 !== undefined && readable(psd2Schema, psd2).qwac === 'required'
      })
      const [first] = needing
      if (first === undefined || valueAt(file, ['qtsps']) !== undefined) return []
      const message = `it is missing: nothing says whose QWACs the policy ${first[0]} accepts`
      return [{ path: ['qtsps'], message, cure: 'name a folder with the certificates of their issuing CAs' }]
    },
  },
  {
    says: '`log.buffered` needs a file for `log.audit`, which is never buffered.',
    broken: (file) => {
      const { audit, buffered } = readable(logSchema, valueAt(file, ['log']))
      return unless(!(buffered === true && audit === 'stdout'), ['log', 'buffered'], {
        message: 'the audit would wait in memory with the rest',
        cure: 'name a file as log.audit, or remove it',
      })
    },
  },
  {
    says: 'An entry of `intake.refused_issuers` has `organization` or `key_sha256`.',
    broken: (file) =>
      items(valueAt(file, ['intake', 'refused_issuers'])).flatMap((written, index) => {
        const named = refusalKeys.filter((key) => valueAt(written, [key]) !== undefined)
        return unless(!isSection(written) || named.length === 1, ['intake', 'refused_issuers', index], {
          message: named.length === 0 ? 'it names no issuer' : 'it names an issuer in two ways',
          cure: 'write organization or key_sha256, and two entries for both',
        })
      }),
  },
  ...consoleRules,
  ...basicRules,
  ...ocspRules,
]

const refusalKeys = Object.keys(refusedIssuerSchema.shape)
