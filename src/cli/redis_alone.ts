import { documentOfAnswer } from '../admin/ocsp_documents.ts'
import type { Config } from '../config/config.ts'
import { nameOfRedis } from '../config/redis_schema.ts'
import type { DevApp } from '../domain/devapp.ts'
import type { Clock } from '../ports.ts'
import { RedisConnection } from '../redis/redis_connection.ts'
import { registeredDevApps } from '../registry/open_registry.ts'
import type { SharedAnswers } from '../revocation/answer_cache.ts'
import { revocationOptions } from '../revocation/configured.ts'
import type { FleetMemory, PurgeSelection } from '../revocation/control.ts'
import { RedisFleetMemory } from '../revocation/fleet_memory.ts'
import { RedisCache } from '../revocation/redis_cache.ts'
import { type Subject, type SubjectRules, Subjects } from '../revocation/subject.ts'
import type { AnswerSource } from './answer_source.ts'
import { judgeShared, type SharedEntryRules } from './shared_entry.ts'

/** Nobody's request waits here, so Redis may be slow. */
const commandTimeoutMs = 2_000

/**
 * The answers that the fleet shares, for the certificates of the configuration's registry; what is purged there, every
 * running process is told. Rejects where the configuration has no Redis, and where Redis cannot be reached.
 */
export async function redisAlone(config: Config, clock: Clock): Promise<AnswerSource> {
  const said: string[] = []
  const rules = revocationOptions(config.ocsp, (message) => said.push(message))
  if (rules.cache.redis === undefined) throw new Error('the configuration has no ocsp.cache.redis')
  const asked = askedAbout(await registeredDevApps(config.registry), rules)
  const redis = { ...rules.cache.redis, commandTimeoutMs }
  const connection = new RedisConnection(redis)
  const name = nameOfRedis(config.ocsp.cache.redis)
  if (!(await connection.connected(redis.connectTimeoutMs))) {
    connection.close()
    throw new Error([`${name} cannot be reached`, ...said.slice(-1)].join(': '))
  }
  const shared = new RedisCache(connection, redis)
  return sourceOver({ shared, fleet: new RedisFleetMemory(connection, shared, redis), asked, rules, clock, name })
}

/** A certificate that the service asks about, with the DevApps that it is asked for. */
interface Asked {
  readonly subject: Subject
  readonly devApps: ReadonlySet<string>
}

/** By the SHA-256 of the certificate: registered leaves, and the CAs that are asked about with them. */
function askedAbout(devApps: readonly DevApp[], rules: SubjectRules): ReadonlyMap<string, Asked> {
  const subjects = new Subjects(rules)
  const asked = new Map<string, { subject: Subject; devApps: Set<string> }>()
  for (const devApp of devApps) {
    for (const subject of devApp.certificates.flatMap((certificate) => subjects.chainOf(certificate))) {
      const { sha256 } = subject.certificate
      const known = asked.get(sha256) ?? { subject, devApps: new Set<string>() }
      asked.set(sha256, known)
      known.devApps.add(devApp.id)
    }
  }
  return asked
}

interface Parts {
  readonly shared: SharedAnswers
  readonly fleet: FleetMemory
  readonly asked: ReadonlyMap<string, Asked>
  readonly rules: SharedEntryRules
  readonly clock: Clock
  readonly name: string
}

function sourceOver({ shared, fleet, asked, rules, clock, name }: Parts): AnswerSource {
  return {
    name,
    certificates: async () => [...asked.values()].map(({ subject }) => subject.certificate),
    get: async (sha256) => {
      const found = asked.get(sha256)
      if (found === undefined) return undefined
      const read = await shared.read(found.subject.key)
      if (read.status === 'failed') throw new Error(`${name} did not answer: ${read.cause}`)
      const at = clock()
      const { entry, der } = judgeShared(read, found.subject, at, rules)
      return documentOfAnswer({ ...entry, devApps: [...found.devApps] }, der, at)
    },
    purge: async (selection) => {
      const keys = [...asked.values()].flatMap(({ subject }) => (isSelected(subject, selection) ? [subject.key] : []))
      return { certificates: keys.length, fleet: await fleet.purge(keys) }
    },
    close: () => shared.close(),
  }
}

function isSelected({ certificate, issuer }: Subject, selection: PurgeSelection): boolean {
  switch (selection.kind) {
    case 'all':
      return true
    case 'certificate':
      return certificate.sha256 === selection.sha256
    case 'issuer':
      return issuer.sha256 === selection.sha256
  }
}
