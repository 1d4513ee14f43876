import type { z } from 'zod'
import { count, duration, keys, read, secret, someOf, text, url } from './values.ts'

// What redisFromUrl of the revocation service could not connect to would be a cache that is silently not there.
const redisUrl = url(['redis', 'rediss'], 'write redis://user:password@host:6379/0, or rediss: for TLS').refine(
  (written) => written.hostname !== '' && /^\/?\d{0,5}$/.test(written.pathname) && hasReadableUser(written),
  {
    error: 'it names no host, or a database that is no number, or its user or password holds a stray %',
    params: { cure: 'write redis://host:6379/0, and %25 for a % in a password' },
  },
)

function hasReadableUser({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

const endpoint = read(
  'a host and a port',
  'write it as redis-1.example.com:6379, an IPv6 address in brackets',
  { title: 'host and port', type: 'string' },
  (written) => {
    const match = typeof written === 'string' ? /^(\[[0-9a-f:]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(written) : null
    const [, host = '', digits = ''] = match ?? []
    const port = Number(digits)
    return match === null || port < 1 || port > 65_535 ? undefined : { host: host.replace(/^\[|\]$/g, ''), port }
  },
)

const sentinelSchema = keys({
  primary: text.meta({ description: 'The name of the monitored primary.', examples: ['mymaster'] }),
  nodes: someOf(endpoint).meta({ description: 'The Sentinels, as host and port.', examples: [['sentinel-1:26379']] }),
  username: text.optional().meta({ description: 'The user at the Sentinels. Default: none.' }),
  password: secret.optional().meta({ description: 'The password at the Sentinels, from the environment.' }),
})

export const tlsSchema = keys({
  ca: text.optional().meta({
    description: "A PEM file with the CAs that may have issued Redis's certificate. Default: those of Node.js.",
  }),
  certificate: text.optional().meta({ description: 'A PEM file with a client certificate. Default: none.' }),
  key: text.optional().meta({ description: 'A PEM file with its key.' }),
  server_name: text.optional().meta({
    description: "The name in Redis's certificate, where nodes are named by address. Default: the host.",
  }),
})

export const redisSchema = keys({
  url: redisUrl.optional().meta({
    description: 'A single Redis, with user, password and database, from the environment. `rediss:` is TLS.',
    examples: [`\${REDIS_URL}`],
  }),
  sentinel: sentinelSchema.optional().meta({ description: 'The primary that Sentinels name, instead of `url`.' }),
  cluster: keys({
    nodes: someOf(endpoint).meta({
      description: 'Some of its nodes, as host and port: they name the others.',
      examples: [['redis-1.example.com:6379']],
    }),
  })
    .optional()
    .meta({ description: 'A Redis Cluster, instead of `url`.' }),
  username: text.optional().meta({ description: 'With `sentinel` or `cluster`. Default: none.' }),
  password: secret.optional().meta({ description: 'With `sentinel` or `cluster`, from the environment.' }),
  database: count(0, 99_999).optional().meta({ description: 'With `sentinel`. Default: 0.' }),
  tls: tlsSchema.optional().meta({
    description: 'TLS to `sentinel` or `cluster`, `{}` for the defaults, or what differs for a `rediss:` URL.',
  }),
  timeout: duration(1).prefault('30ms').meta({ description: 'For one command. Redis that is slower is done without.' }),
  key_prefix: text.default('devapp-authz:').meta({ description: 'Before every key.' }),
})

/** Where Redis is, in a few words for people, without secrets. */
export function nameOfRedis(redis: z.output<typeof redisSchema> | undefined): string {
  if (redis?.url !== undefined) return `Redis at ${redis.url.host}`
  if (redis?.sentinel !== undefined) return `the Redis primary ${redis.sentinel.primary}`
  const [node] = redis?.cluster?.nodes ?? []
  return node === undefined ? 'Redis' : `the Redis Cluster of ${node.host}:${node.port}`
}
