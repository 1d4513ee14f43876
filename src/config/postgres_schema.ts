import { isIP } from 'node:net'
import type { z } from 'zod'
import { duration, keys, text, url, yesOrNo } from './values.ts'

/** The parameters that a URL may carry; every other one would be a setting that is silently not in force. */
const socketParameters = ['host', 'port', 'user']

const postgresUrl = url(
  ['postgresql', 'postgres'],
  'write postgresql://user:password@host:5432/database, or postgresql:///database?host=/run/postgresql for a Unix socket',
).refine(isUsable, {
  error: 'it names no host or no database, has other parameters, or a stray % in user or password',
  params: {
    cure: 'write postgresql://user:password@host:5432/database, %25 for a % in a password, and TLS as registry.postgres.tls',
  },
})

function isUsable(written: URL): boolean {
  try {
    const { host, port, database } = endpointOf(written)
    const parameters = [...written.searchParams.keys()]
    const overSocket = written.hostname === ''
    return (
      host !== '' &&
      database !== '' &&
      Number.isInteger(port) &&
      overSocket === host.startsWith('/') &&
      parameters.every((name) => overSocket && socketParameters.includes(name))
    )
  } catch {
    // decodeURIComponent
    return false
  }
}

/** What the URL of a PostgreSQL says. `host` is a name, an address, or the folder of a Unix socket. */
export interface PostgresEndpoint {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string | undefined
  readonly password: string | undefined
}

/** The parts of the URL, decoded. Throws a URIError where one cannot be. */
export function endpointOf({ hostname, port, pathname, username, password, searchParams }: URL): PostgresEndpoint {
  return {
    host: hostname === '' ? (searchParams.get('host') ?? '') : decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    port: Number(port || searchParams.get('port') || 5432),
    database: decodeURIComponent(pathname.replace(/^\//, '')),
    user: decodeURIComponent(username) || searchParams.get('user') || undefined,
    password: decodeURIComponent(password) || undefined,
  }
}

/** Whether the way to the host leaves this machine, so that others may sit on it. */
export function isElsewhere({ host }: Pick<PostgresEndpoint, 'host'>): boolean {
  const isLoopback = isIP(host) === 4 ? host.startsWith('127.') : host === '::1' || host === 'localhost'
  return !isLoopback && !host.startsWith('/')
}

export const postgresTlsSchema = keys({
  ca: text.optional().meta({
    description: "A PEM file with the CAs that may have issued the server's certificate. Default: those of Node.js.",
  }),
  certificate: text.optional().meta({ description: 'A PEM file with a client certificate. Default: none.' }),
  key: text.optional().meta({ description: 'A PEM file with its key.' }),
  server_name: text.optional().meta({
    description: "The name in the server's certificate, where the URL has another. Default: the host.",
  }),
})

export const postgresSchema = keys({
  url: postgresUrl.meta({
    description:
      'User, password, host, port and database, from the environment. For a Unix socket `postgresql:///DATABASE?host=FOLDER&user=USER`.',
    examples: [`\${DATABASE_URL}`],
  }),
  password_file: text.optional().meta({
    description:
      'A file with the password, instead of the one in `url`. It is read for every connection, so that a new password needs no restart.',
    examples: ['/run/secrets/database-password'],
  }),
  tls: postgresTlsSchema.optional().meta({
    description: "TLS, which verifies the server's certificate and name; `{}` for the defaults. Default: none.",
  }),
  plaintext: yesOrNo.default(false).meta({
    description:
      'Whether another machine is reached without TLS. Whoever sits on the way then decides who gets in: for networks that encrypt by themselves.',
  }),
  connect_timeout: duration(1).prefault('5s').meta({ description: 'For connecting and logging in.' }),
  timeout: duration(1).prefault('10s').meta({ description: 'For one statement, and for waiting on a lock.' }),
  recheck: duration(100).prefault('10s').meta({
    description:
      'How often a running service looks for changes by itself. They are announced to it at once: this finds a connection that is silently dead.',
  }),
})

export type PostgresFile = z.output<typeof postgresSchema>

/** Where PostgreSQL is, in a few words for people, without secrets. */
export function nameOfPostgres({ url: written }: { readonly url: URL }): string {
  const { host, port, database } = endpointOf(written)
  return `PostgreSQL at ${host.startsWith('/') ? host : `${host.includes(':') ? `[${host}]` : host}:${port}`}/${database}`
}
