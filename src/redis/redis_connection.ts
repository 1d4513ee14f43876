import { performance } from 'node:perf_hooks'
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis } from 'ioredis'
import { Breaker } from '../breaker.ts'

export interface RedisEndpoint {
  readonly host: string
  readonly port: number
}

export type RedisTopology =
  | { readonly kind: 'single'; readonly endpoint: RedisEndpoint }
  | {
      readonly kind: 'sentinel'
      /** The name of the monitored primary. */
      readonly primary: string
      readonly sentinels: readonly RedisEndpoint[]
      readonly sentinelUsername?: string | undefined
      readonly sentinelPassword?: string | undefined
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisEndpoint[] }

export interface CommandObserver {
  /** Told of each command, in the asynchronous context of who gave it. */
  readonly onCommand?: ((given: GivenCommand) => void) | undefined
}

export interface GivenCommand {
  /** Its name, and of a script what it does. */
  readonly name: string
  readonly outcome: 'replied' | 'refused' | 'timeout' | 'connection'
  readonly durationMs: number
}

export interface RedisConnectionOptions extends CommandObserver {
  readonly topology: RedisTopology
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Not with a Cluster, which has one. */
  readonly database?: number | undefined
  /** Present where the connection is TLS, to the Sentinels too. */
  readonly tls?: ConnectionOptions | undefined
  readonly commandTimeoutMs: number
  readonly connectTimeoutMs: number
  /** The longest pause between two attempts to connect. */
  readonly maxReconnectMs: number
  /** Told what is wrong, without secrets, at most once every ten seconds. */
  readonly onError?: ((message: string) => void) | undefined
}

/** A Redis that several processes share. */
export interface SharedRedisOptions extends RedisConnectionOptions {
  /** What all their keys and channels begin with. */
  readonly keyPrefix: string
}

/** What is asked of Redis. */
type Command<Reply> = (client: Redis | Cluster) => Promise<Reply>

/** What a command gave: never a rejection. `refused` is an answer of Redis; `failed` is the lack of one. */
export type CommandOutcome<Reply> =
  | { readonly status: 'replied'; readonly reply: Reply }
  | { readonly status: 'refused'; readonly cause: string }
  | { readonly status: 'failed'; readonly cause: string }

const errorIntervalMs = 10_000

/** A connection over which nothing comes for twice that long is given up. */
const patienceMs = 500

/**
 * A connection that nobody waits for: a command has its deadline, is refused while the connection is down, and is not
 * even tried while Redis hangs. Reconnecting goes on in the background.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster
  readonly #options: RedisConnectionOptions
  #breaker = hangBreaker()
  #quietUntilMs = 0

  constructor(options: RedisConnectionOptions) {
    this.#options = options
    this.#client = connectRedis(options)
    this.#client.on('error', (error: Error) => this.#report(error))
    // A new connection is no longer the one that hung.
    this.#client.on('ready', () => {
      this.#breaker = hangBreaker()
    })
  }

  get ready(): boolean {
    return this.#client.status === 'ready'
  }

  /** Whether Redis was connected to within this time, for who can wait. */
  async connected(withinMs: number): Promise<boolean> {
    if (this.ready) return true
    let timer: NodeJS.Timeout | undefined
    let onReady = (): void => {}
    await new Promise<void>((resolve) => {
      onReady = resolve
      timer = setTimeout(resolve, withinMs)
      this.#client.once('ready', onReady)
    })
    clearTimeout(timer)
    this.#client.off('ready', onReady)
    return this.ready
  }

  /** The outcome of `command`, within `commandTimeoutMs`. */
  run<Reply>(name: string, command: Command<Reply>): Promise<CommandOutcome<Reply>> {
    const started = performance.now()
    return this.#observed(name, started, this.#tried(command))
  }

  /** The same for what nobody waits for, which a moment of slowness must not turn into work without the fleet. */
  runPatiently<Reply>(name: string, command: Command<Reply>): Promise<CommandOutcome<Reply>> {
    const started = performance.now()
    return this.#observed(name, started, this.#triedPatiently(command))
  }

  close(): void {
    this.#client.disconnect()
  }

  async #observed<Reply>(
    name: string,
    started: number,
    tried: Promise<CommandOutcome<Reply>>,
  ): Promise<CommandOutcome<Reply>> {
    const outcome = await tried
    this.#options.onCommand?.({ name, outcome: observed(outcome), durationMs: performance.now() - started })
    return outcome
  }

  async #tried<Reply>(command: Command<Reply>): Promise<CommandOutcome<Reply>> {
    if (!this.ready) return { status: 'failed', cause: 'not connected' }
    const attempt = () => this.#withinDeadline(command, this.#options.commandTimeoutMs)
    // One node of a Cluster may hang while the others answer: nothing is learnt for the next key.
    if (this.#options.topology.kind === 'cluster') return attempt()
    const outcome = await this.#breaker.attempt(attempt)
    return (outcome as CommandOutcome<Reply> | undefined) ?? { status: 'failed', cause: doesNotAnswer }
  }

  async #triedPatiently<Reply>(command: Command<Reply>): Promise<CommandOutcome<Reply>> {
    if (!this.ready) return { status: 'failed', cause: 'not connected' }
    return this.#withinDeadline(command, Math.max(patienceMs, this.#options.commandTimeoutMs))
  }

  async #withinDeadline<Reply>(command: Command<Reply>, timeoutMs: number): Promise<CommandOutcome<Reply>> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<CommandOutcome<Reply>>((resolve) => {
      // What came while this process was busy is read first: then Redis was in time.
      timer = setTimeout(() => setImmediate(resolve, { status: 'failed', cause: deadlinePassed }), timeoutMs)
    })
    const replied = (async () => command(this.#client))().then(
      (reply): CommandOutcome<Reply> => ({ status: 'replied', reply }),
      (error: Error): CommandOutcome<Reply> => ({
        status: error.name === 'ReplyError' ? 'refused' : 'failed',
        cause: error.message,
      }),
    )
    const outcome = await Promise.race([replied, late])
    clearTimeout(timer)
    return outcome
  }

  /** The message only: an error of ioredis carries the command and its arguments. */
  #report({ message }: Error): void {
    const nowMs = performance.now()
    if (nowMs < this.#quietUntilMs) return
    this.#quietUntilMs = nowMs + errorIntervalMs
    this.#options.onError?.(message)
  }
}

/**
 * The connection that a `redis:` or `rediss:` URL describes (user, password, host, port, database), without its
 * limits. `undefined` where the text is no such URL.
 */
export function redisFromUrl(
  text: string,
): Pick<RedisConnectionOptions, 'topology' | 'username' | 'password' | 'database' | 'tls'> | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, hostname, port, pathname, username, password } = new URL(text)
  const database = Number(pathname.replace(/^\//, '') || 0)
  if ((protocol !== 'redis:' && protocol !== 'rediss:') || hostname === '' || !Number.isInteger(database)) {
    return undefined
  }
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    topology: { kind: 'single', endpoint: { host, port: port === '' ? 6379 : Number(port) } },
    username: username === '' ? undefined : decodeURIComponent(username),
    password: password === '' ? undefined : decodeURIComponent(password),
    database,
    tls: protocol === 'rediss:' ? { servername: host } : undefined,
  }
}

/** Redis that is gone refuses at once; only one that hangs costs a deadline each time. */
const hangBreaker = (): Breaker<CommandOutcome<unknown>> =>
  new Breaker(
    { failures: 3, openMs: 500, maxOpenMs: 2_000 },
    (outcome) => outcome.status === 'failed' && outcome.cause === deadlinePassed,
  )

const deadlinePassed = 'deadline'
const doesNotAnswer = 'does not answer'

function observed(outcome: CommandOutcome<unknown>): GivenCommand['outcome'] {
  if (outcome.status !== 'failed') return outcome.status
  return outcome.cause === deadlinePassed || outcome.cause === doesNotAnswer ? 'timeout' : 'connection'
}

/** A client that reconnects by itself, and lets no command wait for that. */
export function connectRedis(options: RedisConnectionOptions): Redis | Cluster {
  const { topology, username, password, database, tls, connectTimeoutMs, maxReconnectMs } = options
  const patience = (attempts: number): number => Math.min(50 * 2 ** Math.min(attempts, 16), maxReconnectMs)
  const common = {
    ...{ username, password, connectTimeout: connectTimeoutMs, protocol: 2 as const },
    ...{ maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false },
    // A connection over which nothing comes back is given up, with all that waits for it.
    socketTimeout: Math.max(2 * patienceMs, 10 * options.commandTimeoutMs),
    // After a failover, a former primary refuses writes: look for the new one.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  }
  const offline = { enableOfflineQueue: false, retryStrategy: patience }
  switch (topology.kind) {
    case 'single':
      return new Redis({ ...common, ...offline, ...topology.endpoint, db: database ?? 0, tls })
    case 'sentinel':
      return new Redis({
        ...{ ...common, ...offline, db: database ?? 0, tls },
        ...{ name: topology.primary, sentinels: topology.sentinels.map((endpoint) => ({ ...endpoint })) },
        ...{ sentinelUsername: topology.sentinelUsername, sentinelPassword: topology.sentinelPassword },
        ...{ sentinelRetryStrategy: patience, sentinelCommandTimeout: connectTimeoutMs },
        ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      })
    case 'cluster':
      return new Cluster(
        topology.nodes.map((node) => ({ ...node })),
        {
          ...{ enableOfflineQueue: false, clusterRetryStrategy: patience, clusterNodeRetryStrategy: patience },
          redisOptions: { ...common, tls },
        },
      )
  }
}
