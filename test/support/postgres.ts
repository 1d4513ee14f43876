import { chmodSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { freePort } from './free_port.ts'
import { GuardedProcess } from './guarded_process.ts'
import { installPackages, isExecutable, type Progress, programOnPath, run } from './program.ts'
import { secretWatch } from './secret_watch.ts'
import { temporaryFolder } from './temporary_folder.ts'

/** Where Debian's packages put the binaries of each version, which are not on the PATH. */
const debian = '/usr/lib/postgresql'

/**
 * The folder of PostgreSQL's binaries: the one that `POSTGRES_BIN` names, else that of the newest package of Debian, else of
 * the PATH, else, as root on Debian, of the package, which is installed. Throws with what is missing and how to get it.
 */
export async function findPostgres(progress: Progress): Promise<string> {
  const named = process.env['POSTGRES_BIN']
  if (named !== undefined && named !== '') {
    if (holdsPostgres(named)) return named
    throw new Error(`POSTGRES_BIN=${named} holds no initdb and postgres that run here.`)
  }
  const found = installedPostgres()
  if (found !== undefined) return found
  installPackages(['postgresql'], progress)
  const installed = installedPostgres()
  if (installed !== undefined) return installed
  throw new Error(
    'There is no PostgreSQL. Install it (Debian: apt-get install postgresql; macOS: brew install postgresql), or set POSTGRES_BIN to the folder of initdb.',
  )
}

function installedPostgres(): string | undefined {
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const onPath = programOnPath('initdb')
  return [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(onPath === undefined ? [] : [dirname(onPath)]),
  ]
    .filter(holdsPostgres)
    .at(0)
}

const holdsPostgres = (folder: string): boolean =>
  ['initdb', 'postgres'].every((program) => isExecutable(join(folder, program)))

/** Of the superuser `postgres`. */
const password = 'a password for tests'
secretWatch.add(password)

export interface RunningPostgres {
  /** A new database, a copy of `template`. */
  createDatabase(template?: string): Promise<string>
  /** Over TCP, with a password; as the superuser unless another user is named, who then has the same password. */
  url(database: string, user?: string): string
  /** Over the Unix socket, without a password. */
  socketUrl(database: string): string
  /** What the statements give, as the superuser. */
  query<Row extends pg.QueryResultRow>(database: string, sql: string, values?: readonly unknown[]): Promise<Row[]>
  /** Gone at once, as in a crash, with every connection. */
  kill(): Promise<void>
  /** Back on the same port, with all that was committed. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export interface PostgresServerOptions {
  /** More of its settings, such as `ssl=on`. */
  readonly settings?: readonly string[]
  /** More files in its folder of data, by name. */
  readonly files?: Readonly<Record<string, string>>
}

/** A PostgreSQL on a free loopback port and a Unix socket, that loses its data when the machine fails, but not when it is killed. */
export async function startPostgres(
  binaries: string,
  { settings = [], files = {} }: PostgresServerOptions = {},
): Promise<RunningPostgres> {
  const folder = temporaryFolder('postgres')
  const user = unprivilegedUser()
  const data = join(folder.path, 'data')
  const [passwordFile, port] = [join(folder.path, 'password'), await freePort()]
  writeFileSync(passwordFile, password)
  if (user !== undefined) for (const path of [folder.path, passwordFile]) chownSync(path, user.uid, user.gid)
  const [setUp = '', ...rest] = as(user, join(binaries, 'initdb'), [
    ...['-D', data, '-U', 'postgres', '--pwfile', passwordFile, '-E', 'UTF8', '--locale=C', '--no-sync'],
    ...['--auth-local=trust', '--auth-host=scram-sha-256'],
  ])
  const { ok, output } = run(setUp, rest)
  if (!ok) throw new Error(`initdb failed: ${output}`)
  for (const [name, text] of Object.entries(files)) {
    const path = join(data, name)
    writeFileSync(path, text)
    chmodSync(path, 0o600)
    if (user !== undefined) chownSync(path, user.uid, user.gid)
  }
  const own = [
    ...['listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder.path}`],
    ...['fsync=off', 'full_page_writes=off', 'shared_buffers=32MB', 'log_min_messages=warning'],
  ]
  const [command = '', ...args] = as(user, join(binaries, 'postgres'), [
    ...['-D', data],
    ...[...own, ...settings].flatMap((setting) => ['-c', setting]),
  ])
  let server = await serve(command, args)

  const url = (database: string, user = 'postgres') =>
    `postgresql://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
  const query = async <Row extends pg.QueryResultRow>(
    database: string,
    sql: string,
    values: readonly unknown[] = [],
  ) => {
    const client = new pg.Client(url(database))
    await client.connect()
    try {
      return (await client.query<Row>(sql, [...values])).rows
    } finally {
      await client.end()
    }
  }
  let databases = 0
  return {
    ...{ url, query },
    socketUrl: (database) => `postgresql:///${database}?host=${folder.path}&port=${port}&user=postgres`,
    createDatabase: async (template = 'template1') => {
      const name = `test_${++databases}`
      await query('postgres', `CREATE DATABASE ${name} TEMPLATE ${template}`)
      return name
    },
    kill: async () => {
      await server.stop('SIGQUIT')
    },
    restart: async () => {
      await server.stop('SIGQUIT')
      server = await serve(command, args)
    },
    stop: async () => {
      await server.stop('SIGQUIT')
      folder.remove()
    },
  }
}

/** Resolves once it accepts connections. */
async function serve(command: string, args: readonly string[]): Promise<GuardedProcess> {
  const server = await GuardedProcess.start({ command, args })
  await server.printed('it accepted connections', () =>
    server.stderr.find((line) => line.includes('ready to accept connections')),
  )
  return server
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** Whom root runs PostgreSQL as, which refuses root: the user that its package made. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = ['-u', '-g'].map((which) => Number(run('id', [which, 'postgres']).output))
  if (uid === undefined || gid === undefined || Number.isNaN(uid + gid))
    throw new Error('There is no user postgres, and PostgreSQL does not run as root: run the tests as another user.')
  return { uid, gid }
}

/** The command, run as the user. `setpriv` becomes it, so that signals reach it. */
function as(user: User | undefined, command: string, args: readonly string[]): readonly string[] {
  if (user === undefined) return [command, ...args]
  return ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--', command, ...args]
}
