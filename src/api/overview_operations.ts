import { denialGuide } from '../domain/denial_guide.ts'
import { denials, gatewayDenials } from '../domain/denials.ts'
import type { Rules } from '../domain/policy.ts'
import { policiesInShadow } from '../domain/shadow.ts'
import type { LastHour, Latency } from '../ops/last_hour.ts'
import type { WouldDeny } from '../ops/would_deny_count.ts'
import type { Clock } from '../ports.ts'
import { type Operation, operation } from './operation.ts'
import {
  codesDocument,
  type OverviewDocument,
  overviewDocument,
  type ProcessDocument,
  policiesDocument,
} from './overview_documents.ts'
import { instantOrNull, instantText } from './values.ts'

/** The series of the last hour that are no code of a refusal. */
export const hourSeries = { allowed: 'allow', shadowed: 'shadowed' } as const

/** Everything that `LastHour` counts apart. */
export const allSeries: readonly string[] = [...Object.values(hourSeries), ...Object.keys(denials)]

export interface OverviewParts {
  readonly version: string
  readonly clock: Clock
  readonly rules: () => Rules
  readonly hour: LastHour
  readonly wouldDeny: { readonly counts: readonly WouldDeny[] }
  readonly missing: () => readonly string[]
  readonly processes: () => readonly ProcessDocument[] | Promise<readonly ProcessDocument[]>
  readonly registry: () => OverviewDocument['registry'] | Promise<OverviewDocument['registry']>
  readonly sds: () => OverviewDocument['sds']
  /** `undefined` where none is configured. */
  readonly redisReady: () => boolean | undefined
  readonly expiring: () => Readonly<Record<string, number>> | undefined
}

const tag = 'Overview'

/** How the service is doing: what the console shows first. */
export function overviewOperations(parts: OverviewParts): readonly Operation[] {
  return [
    operation({
      ...{ method: 'GET', path: '/api/v1/overview', id: 'getOverview', tag },
      summary: 'How the service is doing, and what it decided in the last hour, minute by minute.',
      document: overviewDocument,
      answer: () => overviewOf(parts),
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/codes', id: 'getCodes', tag },
      summary: 'What each refusal means, and what to do about it.',
      document: codesDocument,
      answer: () => ({ codes }),
    }),
    operation({
      ...{ method: 'GET', path: '/api/v1/policies', id: 'getPolicies', tag },
      summary: 'The policies in force, and where their APIs are served.',
      document: policiesDocument,
      answer: () => {
        const rules = parts.rules()
        const inShadow = new Set(policiesInShadow(rules, parts.clock()).map(({ policy }) => policy))
        return {
          policies: [...rules.policies.values()].map(({ name, channel, require, product, psd2 }) => ({
            ...{ name, channel, require: [...require], product: product ?? null },
            psd2Roles: [...(psd2?.roles ?? [])],
            qwacRequired: psd2?.qwac === 'required',
            shadow: inShadow.has(name),
            hostname: rules.hostnames.advertised(channel),
          })),
        }
      },
    }),
  ]
}

const codes = Object.entries({ ...denials, ...gatewayDenials }).map(([code, { status, title }]) => {
  const { meaning, caller, operator } = denialGuide[code as keyof typeof denialGuide]
  return { code, status, title, meaning, caller, operator }
})

async function overviewOf(parts: OverviewParts): Promise<OverviewDocument> {
  const now = parts.clock()
  const missing = [...parts.missing()]
  const expiring = parts.expiring()
  const ready = parts.redisReady()
  return {
    ...{ at: now.toISOString(), version: parts.version, ready: missing.length === 0, missing },
    hour: hourOf(parts.hour, now.getTime()),
    processes: [...(await parts.processes())],
    registry: await parts.registry(),
    redis: ready === undefined ? 'not_configured' : ready ? 'connected' : 'away',
    sds: parts.sds(),
    shadow: {
      policies: policiesInShadow(parts.rules(), now).map(({ policy, until }) => ({
        policy,
        until: instantOrNull(until),
      })),
      wouldDeny: parts.wouldDeny.counts.map((each) => ({ ...each })),
    },
    expiring: expiring === undefined ? null : { ...expiring },
  }
}

function hourOf(hour: LastHour, nowMs: number): OverviewDocument['hour'] {
  const latency = hour.latencyAt(nowMs)
  const minutes = hour.minutesAt(nowMs).map(({ startMs, counts }, index) => {
    const { [hourSeries.allowed]: allowed = 0, [hourSeries.shadowed]: shadowed = 0, ...denied } = counts
    return { start: instantText(startMs), allowed, shadowed, denied, latencyMs: latencyOf(latency.byMinute[index]) }
  })
  const denied: Record<string, number> = {}
  for (const minute of minutes)
    for (const [code, count] of Object.entries(minute.denied)) denied[code] = (denied[code] ?? 0) + count
  return {
    allowed: minutes.reduce((sum, minute) => sum + minute.allowed, 0),
    shadowed: minutes.reduce((sum, minute) => sum + minute.shadowed, 0),
    ...{ denied, latencyMs: latencyOf(latency.hour), minutes },
  }
}

const latencyOf = (latency: Latency | undefined) => (latency === undefined ? null : { ...latency })
