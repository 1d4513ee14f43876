import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { expect } from 'chai'
import { authorizationService } from '../../src/envoy/protos.ts'
import { guardSessions, type SessionLimits } from '../../src/envoy/session_guard.ts'
import { CheckClient } from '../support/check_client.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const { Check } = authorizationService
const perMs = 3_600_000
const roomy: SessionLimits = {
  ...{ connections: 100, opening: { requests: 100, perMs }, broken: { requests: 100, perMs } },
  ...{ refused: { waiting: 100, waitMs: 20 }, large: { bytes: 1_000_000, atOnce: 100 } },
  ...{ unfinished: 100, unfinishedMs: 60_000, lasting: 100 },
}

/** A message with a field of 30,000 octets that nobody knows. */
const largeRequest = Buffer.concat([Buffer.from([0, 0, 0, 0, 0, 0x7a, 0xb0, 0xea, 0x01]), Buffer.alloc(30_000)])
largeRequest.writeUInt32BE(largeRequest.length - 5, 1)

describe('what a peer may cost the gRPC server', () => {
  const folder = temporaryFolder('guard')
  const stops: (() => void)[] = []
  let servers = 0
  after(() => folder.remove())
  afterEach(() => {
    for (const stop of stops.splice(0).reverse()) stop()
  })

  /** A server with these limits, that answers each request at once. Returns its socket. */
  async function serve(limits: Partial<SessionLimits>): Promise<string> {
    const socket = join(folder.path, `${++servers}.sock`)
    const server = new Server()
    server.addService(authorizationService, {
      Check: (_: unknown, callback: (e: null, a: object) => void) => callback(null, {}),
    })
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    )
    expect(guardSessions(server, Check.path, { ...roomy, ...limits })).to.equal(true)
    stops.push(() => server.forceShutdown())
    return socket
  }
  function peer(socket: string): ClientHttp2Session {
    const session = connect('http://authz', { createConnection: () => connectSocket(socket) })
    session.on('error', () => {})
    stops.push(() => session.destroy())
    return session
  }
  function begin(session: ClientHttp2Session, path = Check.path): ClientHttp2Stream {
    const stream = session.request(
      { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    )
    stream.on('error', () => {})
    return stream.resume() as ClientHttp2Stream
  }
  const good = (socket: string): CheckClient => {
    const client = new CheckClient(`unix:${socket}`)
    stops.push(() => client.close())
    return client
  }

  it('lets a peer make as many requests as it likes, and forgets each', async () => {
    const socket = await serve({ broken: { requests: 2, perMs }, unfinished: 2, lasting: 2 })
    const client = good(socket)
    for (let i = 0; i < 20; i++) expect(await client.ask({})).to.equal('allow')
  })

  it('sends away who resets stream after stream, and answers the others', async () => {
    const socket = await serve({ broken: { requests: 10, perMs } })
    const client = good(socket)
    const session = peer(socket)
    let goneAway = false
    session.on('goaway', () => (goneAway = true))
    for (let i = 0; i < 9; i++) begin(session).close(constants.NGHTTP2_CANCEL)
    expect(await client.ask({})).to.equal('allow')
    expect(goneAway).to.equal(false)
    for (let i = 0; i < 9 && !session.closed; i++) begin(session).close(constants.NGHTTP2_CANCEL)
    await eventually(() => goneAway)
    expect(await client.ask({})).to.equal('allow')
  })

  it('still answers what somebody has under way whom it sends away', async () => {
    const socket = await serve({ broken: { requests: 3, perMs } })
    const session = peer(socket)
    const underWay = begin(session)
    const status = new Promise((resolve) => underWay.on('response', (headers) => resolve(headers[':status'])))
    for (let i = 0; i < 6 && !session.closed; i++) begin(session).close(constants.NGHTTP2_CANCEL)
    await new Promise<void>((resolve) => session.on('goaway', () => resolve()))
    underWay.end(Buffer.alloc(5))
    expect(await status).to.equal(200)
  })

  it('sends away who sends what is no request', async () => {
    const socket = await serve({ broken: { requests: 5, perMs } })
    const session = peer(socket)
    const goaway = new Promise<void>((resolve) => session.on('goaway', () => resolve()))
    const noRequest = Buffer.alloc(105, 0xff)
    noRequest.writeUInt8(0, 0)
    noRequest.writeUInt32BE(100, 1)
    for (let i = 0; i < 8 && !session.closed; i++) begin(session).end(noRequest)
    await goaway
  })

  it('cuts off who begins request after request and ends none, and nobody else', async () => {
    const socket = await serve({ unfinished: 10 })
    const [modest, greedy] = [peer(socket), peer(socket)]
    const waiting = begin(modest)
    const answered = new Promise((resolve) => waiting.on('response', resolve))
    const closed = new Promise<void>((resolve) => greedy.on('close', () => resolve()))
    for (let i = 0; i < 12 && !greedy.closed; i++) begin(greedy).write(Buffer.alloc(10_000))
    await closed
    waiting.end(Buffer.alloc(5))
    await answered
    expect(modest.closed).to.equal(false)
  })

  it('receives large requests a few at a time, in their order, and small ones as they come', async () => {
    const socket = await serve({ large: { bytes: 10_000, atOnce: 1 } })
    const session = peer(socket)
    const unfinished = begin(session)
    unfinished.write(Buffer.alloc(20_000))
    const answered: string[] = []
    const answers = ['first', 'second'].map((name) => {
      const stream = begin(session)
      stream.end(largeRequest)
      return new Promise<void>((resolve) => stream.on('response', () => resolve(void answered.push(name))))
    })
    const small = async (): Promise<unknown> => {
      const stream = begin(session)
      stream.end(Buffer.alloc(5))
      return new Promise((resolve) => stream.on('response', resolve))
    }
    for (let i = 0; i < 5; i++) await small()
    expect(answered).to.deep.equal([])
    unfinished.close(constants.NGHTTP2_CANCEL)
    await Promise.all(answers)
    expect(answered).to.deep.equal(['first', 'second'])
  })

  it('does not wait for a request that does not come whole', async () => {
    const socket = await serve({ unfinishedMs: 50 })
    const stream = begin(peer(socket))
    stream.write(Buffer.alloc(3))
    await new Promise<void>((resolve) => stream.on('close', () => resolve()))
    expect(stream.rstCode).to.equal(constants.NGHTTP2_CANCEL)
  })

  it('sends away who keeps more streams open than anybody needs', async () => {
    const socket = await serve({ lasting: 5 })
    const session = peer(socket)
    const goaway = new Promise<void>((resolve) => session.on('goaway', () => resolve()))
    for (let i = 0; i < 8 && !session.closed; i++)
      begin(session, '/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets')
    await goaway
  })

  it('lets some of those wait whom it does not take, so that they do not try again at once', async () => {
    const socket = await serve({ opening: { requests: 1, perMs }, refused: { waiting: 1, waitMs: 60_000 } })
    expect(await reached(socket)).to.equal(true)
    let isOver = false
    const waiting = reached(socket).finally(() => {
      isOver = true
    })
    expect(await reached(socket)).to.equal(false)
    expect(isOver).to.equal(false)
    const brief = await serve({ opening: { requests: 1, perMs }, refused: { waiting: 1, waitMs: 20 } })
    expect([await reached(brief), await reached(brief), await reached(brief)]).to.deep.equal([true, false, false])
    for (const stop of stops.splice(0).reverse()) stop()
    expect(await waiting).to.equal(false)
  })

  const reached = (socket: string): Promise<boolean> =>
    new Promise((resolve) => {
      const session = peer(socket)
      session.on('remoteSettings', () => resolve(true))
      session.on('close', () => resolve(false))
    })

  it('takes so many connections at once, and so many in a while', async () => {
    const narrow = await serve({ connections: 2 })
    expect([await reached(narrow), await reached(narrow), await reached(narrow)]).to.deep.equal([true, true, false])
    const slow = await serve({ opening: { requests: 3, perMs } })
    const client = good(slow)
    expect(await client.ask({})).to.equal('allow')
    expect([await reached(slow), await reached(slow), await reached(slow)]).to.deep.equal([true, true, false])
    expect(await client.ask({})).to.equal('allow')
  })
})
