import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { Client, credentials, Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js'
import { expect } from 'chai'
import { answerOnStream, type UnaryHandler } from '../../src/envoy/check_stream.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const asItIs = (bytes: Buffer): Buffer => bytes
/** Answers what was asked; `!` in front makes it no message at all. */
const definition = {
  path: '/test.Echo/Say',
  requestStream: false,
  responseStream: false,
  requestDeserialize: (bytes: Buffer): Buffer => {
    if (bytes.toString().startsWith('!')) throw new Error('no message')
    return bytes
  },
  requestSerialize: asItIs,
  responseSerialize: asItIs,
  responseDeserialize: asItIs,
} as const
const maxMessageBytes = 1_000

for (const served of ['on the stream', 'by grpc-js'] as const) {
  describe(`a unary call that is answered ${served}`, () => {
    const folder = temporaryFolder('stream')
    const socket = join(folder.path, 'echo.sock')
    const answering: UnaryHandler<Buffer, Buffer> = ({ request }, callback) => callback(null, request)
    let handler = answering
    let server: Server
    let client: Client

    beforeEach(async () => {
      handler = answering
      server = new Server({ 'grpc.max_receive_message_length': maxMessageBytes })
      const handle: UnaryHandler<Buffer, Buffer> = (call, callback) => handler(call, callback)
      server.addService({ Say: definition }, { Say: handle })
      await new Promise<void>((resolve, reject) =>
        server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
          error === null ? resolve() : reject(error),
        ),
      )
      // Where a release of grpc-js keeps its servers elsewhere, this is what tells.
      if (served === 'on the stream')
        expect(answerOnStream(server, { definition, handler: handle, maxMessageBytes })).to.equal(true)
      client = new Client(`unix:${socket}`, credentials.createInsecure())
    })
    afterEach(() => {
      client.close()
      server.forceShutdown()
    })
    after(() => folder.remove())

    interface Outcome {
      readonly code: status
      readonly text: string | undefined
    }
    const say = (text: string | Buffer, options: { deadline?: number; metadata?: Metadata } = {}, with_ = client) =>
      new Promise<Outcome>((resolve) => {
        const { metadata = new Metadata(), ...rest } = options
        const answered = (error: ServiceError | null, response?: Buffer) =>
          resolve({ code: error?.code ?? status.OK, text: response?.toString() })
        with_.makeUnaryRequest(definition.path, asItIs, asItIs, Buffer.from(text), metadata, rest, answered)
      })
    /** A client below gRPC. */
    async function raw<Result>(use: (session: ClientHttp2Session) => Promise<Result>): Promise<Result> {
      const session = connect('http://localhost', { createConnection: () => connectSocket(socket) })
      try {
        return await use(session)
      } finally {
        session.destroy()
      }
    }
    const begin = (session: ClientHttp2Session, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream =>
      session.request({
        ...{ ':method': 'POST', ':path': definition.path, te: 'trailers', 'content-type': 'application/grpc' },
        ...headers,
      })
    interface RawAnswer {
      readonly headers: IncomingHttpHeaders
      readonly trailers: IncomingHttpHeaders | undefined
      readonly body: Buffer
      readonly status: string | undefined
    }
    async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
      let trailers: IncomingHttpHeaders | undefined
      const parts: Buffer[] = []
      stream.on('trailers', (sent: IncomingHttpHeaders) => {
        trailers = sent
      })
      stream.on('data', (part: Buffer) => parts.push(part))
      // Both at once: an answer without a body ends with its headers.
      const [[headers]] = (await Promise.all([once(stream, 'response'), once(stream, 'end')])) as [
        [IncomingHttpHeaders],
        unknown,
      ]
      const status = String(trailers?.['grpc-status'] ?? headers['grpc-status'])
      return { headers, trailers, body: Buffer.concat(parts), status }
    }
    const framed = (text: string, compressed = 0): Buffer => {
      const prefix = Buffer.alloc(5, compressed)
      prefix.writeUInt32BE(Buffer.byteLength(text), 1)
      return Buffer.concat([prefix, Buffer.from(text)])
    }

    it('has its answer, of any length that is allowed', async () => {
      for (const text of ['', 'hello', 'x'.repeat(maxMessageBytes)])
        expect(await say(text)).to.deep.equal({ code: status.OK, text })
    })

    it('has its answer among many others on one connection, whatever their order', async () => {
      handler = ({ request }, callback) => void setTimeout(() => callback(null, request), Number(request) % 7)
      const texts = Array.from({ length: 300 }, (_, i) => String(i))
      expect((await Promise.all(texts.map((text) => say(text)))).map(({ text }) => text)).to.deep.equal(texts)
    })

    it('ends in trailers with its status', async () => {
      const answer = await raw((session) => answerOf(begin(session).end(framed('hello'))))
      expect(answer.headers).to.include({ ':status': 200 })
      expect(answer.headers['content-type']).to.match(/^application\/grpc/)
      expect(answer.body.equals(framed('hello'))).to.equal(true)
      expect(answer.trailers).to.include({ 'grpc-status': '0' })
    })

    it('is read from pieces of any size', async () => {
      const answer = await raw(async (session) => {
        const stream = begin(session)
        const answered = answerOf(stream)
        for (const octet of framed('in pieces')) {
          stream.write(Buffer.of(octet))
          await new Promise((resolve) => setImmediate(resolve))
        }
        stream.end()
        return answered
      })
      expect(answer.body.equals(framed('in pieces'))).to.equal(true)
    })

    it('may be compressed', async () => {
      const gzip = new Client(`unix:${socket}`, credentials.createInsecure(), {
        'grpc.default_compression_algorithm': 2,
      })
      expect(await say('y'.repeat(500), {}, gzip)).to.deep.equal({ code: status.OK, text: 'y'.repeat(500) })
      gzip.close()
    })

    it('is told the error of the method', async () => {
      handler = (_, callback) => callback({ code: status.UNAVAILABLE, details: 'not now: 50 %' })
      expect(await say('hello')).to.deep.equal({ code: status.UNAVAILABLE, text: undefined })
    })

    it('hands over what its metadata says', async () => {
      handler = ({ metadata }, callback) => callback(null, Buffer.from(metadata.get('traceparent').join()))
      const metadata = new Metadata()
      metadata.set('traceparent', '00-ab')
      expect((await say('x', { metadata })).text).to.equal('00-ab')
      expect((await say('x')).text).to.equal('')
    })

    it('is refused where its message is longer than allowed', async () => {
      expect((await say('x'.repeat(maxMessageBytes + 1))).code).to.equal(status.RESOURCE_EXHAUSTED)
    })

    it('is refused where its message cannot be read', async () => {
      expect((await say('!')).code).to.equal(status.INTERNAL)
    })

    it('is refused without a message, with a part of one, and with two', async () => {
      for (const body of ['', '\0', framed('hello').subarray(0, 7), Buffer.concat([framed('one'), framed('two')])]) {
        const { status: code } = await raw((session) => answerOf(begin(session).end(body)))
        expect(code, JSON.stringify(body)).to.equal(String(status.UNIMPLEMENTED))
      }
    })

    it('is refused with an encoding, a timeout or a type that is none', async () => {
      const outcome = (headers: Readonly<Record<string, string>>) =>
        raw((session) => answerOf(begin(session, headers).end(framed('hello', headers['grpc-encoding'] ? 1 : 0))))
      expect((await outcome({ 'grpc-encoding': 'snappy' })).status).to.equal(String(status.UNIMPLEMENTED))
      expect((await outcome({ 'grpc-timeout': 'soon' })).status).not.to.equal('0')
      expect((await outcome({ 'content-type': 'text/html' })).headers[':status']).to.equal(415)
    })

    it('ends at its deadline, while the method takes longer', async () => {
      handler = () => {}
      expect((await say('hello', { deadline: Date.now() + 50 })).code).to.equal(status.DEADLINE_EXCEEDED)
      const late = await raw((session) => answerOf(begin(session, { 'grpc-timeout': '20m' }).end(framed('hello'))))
      expect(late.status).to.equal(String(status.DEADLINE_EXCEEDED))
    })

    it('ends at its deadline where its message never comes', async () => {
      const late = await raw((session) => answerOf(begin(session, { 'grpc-timeout': '20000u' })))
      expect(late.status).to.equal(String(status.DEADLINE_EXCEEDED))
    })

    it('may be cancelled, and is answered to nobody then', async () => {
      let answer = (): void => {}
      const asked = new Promise<void>((resolve) => {
        handler = ({ request }, callback) => {
          answer = () => callback(null, request)
          resolve()
        }
      })
      const call = client.makeUnaryRequest(definition.path, asItIs, asItIs, Buffer.from('hello'), () => {})
      await asked
      call.cancel()
      handler = answering
      expect((await say('after it')).text).to.equal('after it')
      answer()
      expect((await say('and after that')).text).to.equal('and after that')
    })

    it('survives a client that is gone', async () => {
      handler = ({ request }, callback) => void setTimeout(() => callback(null, request), 20)
      await raw(async (session) => {
        begin(session).end(framed('hello'))
        await once(session, 'connect')
        await new Promise((resolve) => setTimeout(resolve, 5))
      })
      handler = answering
      expect((await say('still here')).text).to.equal('still here')
    })

    it('is answered at shutdown where it is under way, and begins no more then', async () => {
      const asked = new Promise<void>((resolve) => {
        handler = ({ request }, callback) => {
          setTimeout(() => callback(null, request), 50)
          resolve()
        }
      })
      const underWay = say('under way')
      await asked
      const shut = new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      expect((await underWay).text).to.equal('under way')
      await shut
      expect((await say('too late', { deadline: Date.now() + 500 })).code).not.to.equal(status.OK)
    })
  })
}
