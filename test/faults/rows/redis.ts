import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { findRedis, type RunningRedis, startRedis } from '../../support/redis.ts'
import { type Lab, until } from '../lab.ts'
import type { Row } from '../row.ts'
import { Growth, Meanwhile } from './meanwhile.ts'

const isBack = ['both processes have Redis again', async (lab: Lab) => (await lab.metric('redis_up')) === 2] as const

/** While it is there, both processes forget what they know every half second, so that they need Redis. */
function redisRow(
  row: Pick<Row, 'fault' | 'short'> & {
    readonly evidence: readonly [string, Growth]
    readonly strike: (lab: Lab) => unknown
    readonly repair: (lab: Lab) => unknown
  },
): Row {
  const [words, growth] = row.evidence
  const forgetting = new Meanwhile()
  return {
    ...row,
    lab: 'file',
    strike: async (lab) => {
      await growth.begin(lab)
      await row.strike(lab)
      forgetting.begin(500, () => lab.purge())
    },
    evidence: [words, growth.shows],
    repair: async (lab) => {
      await forgetting.end()
      await row.repair(lab)
    },
    afterwards: isBack,
  }
}

async function command<Answer>(redis: RunningRedis, give: (client: Redis) => Promise<Answer>): Promise<Answer> {
  const client = new Redis(redis.url)
  client.on('error', () => {})
  try {
    return await give(client)
  } finally {
    client.disconnect()
  }
}

const timeouts = () => Growth.ofMetric('redis_command_failures_total', { cause: 'timeout' })
const misses = () => Growth.ofMetric('ocsp_lookups_total', { tier: 'redis', result: 'miss' })
const flushing = new Meanwhile()
const spoiling = new Meanwhile()
const rejected = Growth.ofMetric('ocsp_rejected_answers_total', { tier: 'redis' })

/** Each entry random, or that of another certificate. */
async function spoil(lab: Lab): Promise<void> {
  await command(lab.redis, async (client) => {
    const keys = await client.keys('devapp-authz:ocsp:*')
    const values = await Promise.all(keys.map((key) => client.getBuffer(key).catch(() => null)))
    for (const [index, key] of keys.entries()) {
      const other = values[(index + 1) % keys.length]
      await client.set(key, index % 2 === 0 && other ? other : randomBytes(300), 'PX', 60_000)
    }
  })
}

export const redisRows: readonly Row[] = [
  redisRow({
    ...{ fault: 'Redis paused', short: true, evidence: ['its commands time out', timeouts()] },
    strike: (lab) => lab.redis.pause(),
    repair: (lab) => lab.redis.resume(),
  }),
  redisRow({
    fault: 'Redis killed, then back and empty',
    evidence: ['its commands get nowhere', Growth.ofMetric('redis_command_failures_total', { cause: 'connection' })],
    strike: (lab) => lab.redis.kill(),
    repair: (lab) => lab.redis.restart(),
  }),
  redisRow({
    ...{ fault: 'Redis flushed ten times a second', evidence: ['it is asked in vain', misses()] },
    strike: (lab) => flushing.begin(100, () => command(lab.redis, (client) => client.flushall())),
    repair: () => flushing.end(),
  }),
  redisRow({
    fault: 'Redis failed over to its replica',
    evidence: ['new connections lead to the replica', new Growth((lab) => lab.redisWay.connections)],
    strike: async (lab) => {
      const [before, replica] = [lab.redis, await startRedis(await findRedis(() => {}))]
      await command(replica, (client) => client.replicaof('127.0.0.1', before.port))
      await until('the replica follows', () =>
        command(replica, async (client) => (await client.info('replication')).includes('master_link_status:up')),
      )
      await before.stop()
      await command(replica, (client) => client.replicaof('NO', 'ONE'))
      lab.redis = replica
      lab.redisWay.targets = [{ host: '127.0.0.1', port: replica.port }]
      lab.redisWay.sever()
    },
    repair: () => {},
  }),
  redisRow({
    ...{ fault: 'Redis slow by 200 ms', evidence: ['its commands time out', timeouts()] },
    strike: (lab) => {
      lab.redisWay.delayMs = 100
    },
    repair: (lab) => {
      lab.redisWay.delayMs = 0
    },
  }),
  {
    ...{ fault: 'Redis filled with rubbish, both processes started anew', lab: 'file', short: true },
    strike: async (lab) => {
      await lab.purge()
      await rejected.begin(lab)
      spoiling.begin(50, () => spoil(lab))
      for (const name of ['one', 'two'] as const) {
        await lab.services[name].stop()
        await lab.startService(name)
      }
    },
    evidence: [
      'what it holds is rejected',
      async (lab) => (await lab.metric('ocsp_rejected_answers_total', { tier: 'redis' })) > 0,
    ],
    repair: () => spoiling.end(),
  },
]
