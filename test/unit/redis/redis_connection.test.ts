import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { RedisConnection, type RedisConnectionOptions } from '../../../src/redis/redis_connection.ts'
import { RedisCache } from '../../../src/revocation/redis_cache.ts'
import { freePort } from '../../support/free_port.ts'
import { GuardedProcess } from '../../support/guarded_process.ts'
import { newKeyPair, selfSigned } from '../../support/pki.ts'
import { findRedis } from '../../support/redis.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { answerFor, eventually, inMinutes, register } from '../revocation/fixture.ts'

const limits = { commandTimeoutMs: 50, connectTimeoutMs: 500, maxReconnectMs: 100 }
const host = '127.0.0.1'

describe('redis connection', function () {
  this.timeout(90_000)
  const answer = answerFor(register())
  let binary: string
  let ends: (() => unknown)[] = []

  before(async () => {
    binary = await findRedis(() => {})
  })
  afterEach(async () => {
    for (const end of ends.reverse()) await end()
    ends = []
  })

  function folderOf(name: string): string {
    const folder = temporaryFolder(name)
    ends.push(() => folder.remove())
    return folder.path
  }
  async function serve(port: number, args: readonly string[], folder = folderOf('redis')): Promise<GuardedProcess> {
    const own = ['--port', String(port), '--bind', host, '--dir', folder]
    const server = await GuardedProcess.start({ command: binary, args: [...args, ...own] })
    ends.push(() => server.stop('SIGKILL'))
    await server.printed('it was ready', () => server.stdout.find((line) => /Ready to accept|\+monitor/.test(line)))
    return server
  }
  function clientOf(port: number): Redis {
    const client = new Redis({ host, port }).on('error', () => {})
    ends.push(() => client.disconnect())
    return client
  }
  function connect(options: Partial<RedisConnectionOptions> & Pick<RedisConnectionOptions, 'topology'>) {
    const errors: string[] = []
    const connection = new RedisConnection({ ...limits, onError: (message) => void errors.push(message), ...options })
    ends.push(() => connection.close())
    return { connection, errors, cache: new RedisCache(connection, { keyPrefix: 'test:' }) }
  }
  const inMemory = ['--save', '', '--appendonly', 'no']

  it('reaches a Cluster, survives the loss of a node, and finds it again', async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
    const busPorts = [await freePort(), await freePort(), await freePort()]
    const folders = ports.map(() => folderOf('redis-cluster'))
    const serveNode = (index: number): Promise<GuardedProcess> => {
      const bus = ['--cluster-port', String(busPorts[index])]
      const own = [
        '--cluster-enabled',
        'yes',
        '--cluster-require-full-coverage',
        'no',
        '--cluster-node-timeout',
        '1000',
      ]
      return serve(ports[index]!, [...inMemory, ...own, ...bus], folders[index])
    }
    const nodes = await Promise.all(ports.map((_, index) => serveNode(index)))
    const clients = ports.map(clientOf)
    const slots = [0, 5_461, 10_923, 16_384]
    for (const [index, client] of clients.entries()) {
      await client.call('CLUSTER', 'ADDSLOTSRANGE', slots[index]!, slots[index + 1]! - 1)
      if (index > 0) await clients[0]!.call('CLUSTER', 'MEET', host, ports[index]!, busPorts[index]!)
    }
    await eventually(async () => {
      const infos = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO')))
      return infos.every((info) => /cluster_state:ok/.test(String(info)) && /cluster_size:3/.test(String(info)))
    })

    const { connection, cache } = connect({ topology: { kind: 'cluster', nodes: [{ host, port: ports[0]! }] } })
    await eventually(() => connection.ready)
    const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`)
    const writable = async (key: string): Promise<boolean> => {
      await cache.write(key, answer, inMinutes(1), 60_000)
      return (await cache.read(key)).status === 'found'
    }
    for (const key of keys) await eventually(() => writable(key))
    const sizes = await Promise.all(clients.map((client) => client.dbsize()))
    expect(sizes.every((size) => size > 0)).to.equal(true)

    await nodes[2]!.stop('SIGKILL')
    const started = performance.now()
    const statuses = await Promise.all(keys.map(async (key) => (await cache.read(key)).status))
    expect(performance.now() - started).to.be.below(4 * limits.commandTimeoutMs)
    expect(statuses).to.include('failed')
    // What the others hold is there again as soon as the lost node is known to be lost.
    await eventually(async () => {
      const found = await Promise.all(keys.map(async (key) => (await cache.read(key)).status))
      return found.filter((status) => status === 'found').length === sizes[0]! + sizes[1]!
    })

    await serveNode(2)
    for (const key of keys) await eventually(() => writable(key))
  })

  it('follows a Sentinel to the new primary', async () => {
    const [primaryPort, replicaPort, sentinelPort] = [await freePort(), await freePort(), await freePort()]
    const primary = await serve(primaryPort, inMemory)
    await serve(replicaPort, [...inMemory, '--replicaof', host, String(primaryPort), '--repl-diskless-sync-delay', '0'])
    const replica = clientOf(replicaPort)
    await eventually(async () => /master_link_status:up/.test(await replica.info('replication')))
    const configuration = join(folderOf('sentinel'), 'sentinel.conf')
    writeFileSync(
      configuration,
      [
        `sentinel monitor fleet ${host} ${primaryPort} 1`,
        'sentinel down-after-milliseconds fleet 300',
        'sentinel failover-timeout fleet 2000',
      ].join('\n'),
    )
    await serve(sentinelPort, [configuration, '--sentinel'])
    const sentinel = clientOf(sentinelPort)
    await eventually(async () => ((await sentinel.call('SENTINEL', 'REPLICAS', 'fleet')) as unknown[]).length === 1)

    const sentinels = [{ host, port: sentinelPort }]
    const { connection, cache } = connect({ topology: { kind: 'sentinel', primary: 'fleet', sentinels } })
    await eventually(() => connection.ready)
    await cache.write('before', answer, inMinutes(1), 60_000)
    await eventually(async () => (await replica.dbsize()) === 1)

    await primary.stop('SIGKILL')
    await eventually(async () => {
      const started = performance.now()
      await cache.write('after', answer, inMinutes(1), 60_000)
      const { status } = await cache.read('after')
      expect(performance.now() - started).to.be.below(4 * limits.commandTimeoutMs)
      return status === 'found'
    })
    expect(await cache.read('before')).to.include({ status: 'found' })
    expect(await replica.role()).to.include('master')
  })

  it('speaks TLS, and not to a server with another certificate', async () => {
    const keyPair = newKeyPair('rsa2048')
    const certificate = selfSigned({
      ...{ commonName: 'redis.example.com', keyPair, ca: true, now: new Date() },
      ...{ keyUsage: ['digitalSignature', 'keyCertSign'], subjectAltNames: ['redis.example.com'] },
      extendedKeyUsage: undefined,
    })
    const folder = folderOf('redis-tls')
    const file = (name: string, contents: string): string => {
      const path = join(folder, name)
      writeFileSync(path, contents, { mode: 0o600 })
      return path
    }
    const tlsPort = await freePort()
    const files = [
      '--tls-cert-file',
      file('cert.pem', certificate.pem),
      '--tls-key-file',
      file('key.pem', certificate.privateKeyPem),
    ]
    await serve(0, [...inMemory, '--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...files])

    const topology = { kind: 'single', endpoint: { host, port: tlsPort } } as const
    const { connection } = connect({ topology, tls: { ca: certificate.pem, servername: 'redis.example.com' } })
    await eventually(() => connection.ready)
    expect(await connection.run('PING', (redis) => redis.ping())).to.deep.equal({ status: 'replied', reply: 'PONG' })

    const suspicious = connect({ topology, tls: { servername: 'redis.example.com' } })
    await eventually(() => suspicious.errors.length > 0)
    expect(suspicious.errors[0]).to.match(/self.signed certificate/)
    expect(suspicious.connection.ready).to.equal(false)
  })

  it('tells of errors once in a while, not each time', async () => {
    const { errors } = connect({ topology: { kind: 'single', endpoint: { host, port: 1 } }, maxReconnectMs: 1 })
    await eventually(() => errors.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(errors).to.have.length(1)
  })
})
