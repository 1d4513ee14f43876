import { z } from 'zod'
import { channels } from '../domain/policy.ts'
import { parseDuration } from '../duration.ts'
import type { Finding } from './document.ts'
import { hostnamesSchema, type PolicyFile, policySchema } from './schema.ts'

/*
 * What holds between the parts of a configuration. Each rule looks at the parts that can be read, so that a mistake
 * elsewhere does not hide what it finds.
 */

type Parts = Readonly<Record<string, unknown>>

export function findingsBetween(value: unknown): Finding[] {
  const parts: Parts = typeof value === 'object' && value !== null ? (value as Parts) : {}
  const policies = readablePolicies(parts['policies'])
  return [
    ...namesOnBothChannels(parts['hostnames']),
    ...noPolicies(parts['policies']),
    ...policies.flatMap(([name, policy]) => withinPolicy(name, policy)),
    ...qtspsMissing(policies, parts['qtsps']),
    ...deadlineTooShort(parts),
  ]
}

function readablePolicies(value: unknown): [string, PolicyFile][] {
  const named = z.record(z.string(), z.unknown()).safeParse(value)
  return Object.entries(named.data ?? {}).flatMap(([name, each]): [string, PolicyFile][] => {
    const parsed = policySchema.safeParse(each)
    return parsed.success ? [[name, parsed.data]] : []
  })
}

function namesOnBothChannels(value: unknown): Finding[] {
  const { data } = hostnamesSchema.safeParse(value)
  if (data === undefined) return []
  const named = channels.flatMap((channel) =>
    data[channel].map((name, index) => ({ name, path: ['hostnames', channel, index] })),
  )
  return named
    .filter(({ name }, index) => named.findIndex((other) => other.name === name) < index)
    .map(({ name, path }) => ({
      path,
      message: `${name} stands here a second time`,
      cure: 'give each hostname once: the two kinds exclude each other',
    }))
}

function noPolicies(value: unknown): Finding[] {
  const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  return empty
    ? [
        {
          path: ['policies'],
          message: 'there are none',
          cure: 'add one for each kind of API: every route names a policy',
        },
      ]
    : []
}

function withinPolicy(name: string, policy: PolicyFile): Finding[] {
  const at = (...path: PropertyKey[]) => ['policies', name, ...path]
  const needsCertificate = policy.require.includes('certificate')
  const rules: [boolean, PropertyKey[], string, string][] = [
    [
      policy.channel === 'mtls' && !needsCertificate,
      at('require'),
      'a policy on mtls does not require the certificate',
      'add certificate, or serve these APIs on tls',
    ],
    [
      policy.channel === 'tls' && needsCertificate,
      at('require'),
      'there is no client certificate on tls',
      'remove certificate, or set channel: mtls',
    ],
    [
      policy.psd2 !== undefined && !needsCertificate,
      at('psd2'),
      'PSD2 roles stand in a certificate, and none is required',
      'remove psd2, or require the certificate on mtls',
    ],
    [
      policy.product !== undefined && policy.require.length === 0,
      at('product'),
      'a public API has no DevApp that could have selected a product',
      'remove product, or require credentials',
    ],
    [
      policy.keep_authorization && !policy.require.includes('basic'),
      at('keep_authorization'),
      'Authorization passes untouched where Basic is not required',
      'remove it',
    ],
    [
      new Set(policy.require).size < policy.require.length,
      at('require'),
      'a credential stands here twice',
      'name each once',
    ],
  ]
  return rules.flatMap(([broken, path, message, cure]) => (broken ? [{ path, message, cure }] : []))
}

function qtspsMissing(policies: readonly [string, PolicyFile][], qtsps: unknown): Finding[] {
  if (qtsps !== undefined) return []
  return policies
    .filter(([, policy]) => policy.psd2?.qwac === 'required')
    .map(([name]) => ({
      path: ['policies', name, 'psd2', 'qwac'],
      message: 'nothing says whose QWACs are accepted',
      cure: 'set qtsps to a folder with the certificates of their issuing CAs',
    }))
}

function deadlineTooShort(parts: Parts): Finding[] {
  const ocsp = typeof parts['ocsp'] === 'object' && parts['ocsp'] !== null ? (parts['ocsp'] as Parts) : {}
  const timeout = parseDuration(String(ocsp['timeout'] ?? '1s'))
  const deadline = parseDuration(String(parts['deadline'] ?? '1500ms'))
  if (timeout === undefined || deadline === undefined || timeout < deadline) return []
  return [
    {
      path: ['ocsp', 'timeout'],
      message: 'waiting for a responder takes as long as the whole check may',
      cure: 'make it shorter than deadline',
    },
  ]
}
