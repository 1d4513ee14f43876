import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect } from 'chai'
import {
  type FetchObserver,
  type FetchOutcome,
  ResponderClient,
  type ResponderClientOptions,
} from '../../../src/revocation/responder.ts'
import {
  answering,
  type Behaviour,
  endless,
  hangingUp,
  html,
  inTurn,
  redirecting,
  silent,
  slowly,
  stalling,
  status,
  TestResponder,
} from '../../support/test_responder.ts'

const der = Buffer.from('30030a0100', 'hex')
/** Begins with `////++++` in base64. */
const request = Buffer.concat([Buffer.from('fffffffbefbe', 'hex'), Buffer.alloc(66)])
const timeoutMs = 300

describe('responder', () => {
  let responder: TestResponder
  const clients: ResponderClient[] = []
  const clientOf = (options: Partial<ResponderClientOptions> = {}): ResponderClient => {
    const defaults = { connectionsPerResponder: 2, queuePerResponder: 10, allowPrivateAddresses: true }
    const client = new ResponderClient({ ...defaults, ...options })
    clients.push(client)
    return client
  }
  const fetch = (behaviour: Behaviour, options: Partial<ResponderClientOptions> = {}): Promise<FetchOutcome> => {
    responder.behaviour = behaviour
    return clientOf(options).fetch(new URL(responder.url), request, timeoutMs)
  }

  beforeEach(async () => {
    responder = await TestResponder.start()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await responder.stop()
  })

  describe('the request', () => {
    it('goes by GET, base64 and percent-encoded behind one slash', async () => {
      expect(await fetch(answering(der))).to.deep.equal({ status: 'answered', der: new Uint8Array(der) })
      const [received] = responder.requests
      expect(received).to.include({ method: 'GET' })
      expect(received?.path).to.match(/^\/ocsp\/[A-Za-z0-9%]+$/)
      expect(received?.path).to.include('%2F').and.include('%2B')
      expect(received?.der).to.deep.equal(request)
    })

    it('has one slash before it where the address ends in one', async () => {
      responder.behaviour = answering(der)
      await clientOf().fetch(new URL(`http://127.0.0.1:${responder.port}/`), request, timeoutMs)
      expect(responder.requests[0]?.path).to.match(/^\/[A-Za-z0-9%]+$/)
    })

    it('goes by GET up to 255 octets of URL and by POST from 256 on', async () => {
      responder.behaviour = answering(der)
      const client = clientOf()
      // Without `/` and `+`, three octets take four characters.
      const octets = Buffer.alloc(120)
      const encoded = octets.toString('base64').length + 1
      const base = `http://127.0.0.1:${responder.port}/`
      const longest = new URL(base + 'a'.repeat(255 - base.length - encoded))
      const longer = new URL(`${longest.href}a`)
      await client.fetch(longest, octets, timeoutMs)
      await client.fetch(longer, octets, timeoutMs)
      const [get, post] = responder.requests
      expect(get).to.include({ method: 'GET' })
      expect(base.length - 1 + (get?.path.length ?? 0)).to.equal(255)
      expect(post).to.include({ method: 'POST', path: longer.pathname })
      expect(post?.headers).to.include({ 'content-type': 'application/ocsp-request', 'content-length': '120' })
      expect(post?.der).to.deep.equal(octets)
    })

    it('goes by POST where the address has a query', async () => {
      responder.behaviour = answering(der)
      await clientOf().fetch(new URL(`${responder.url}?ca=1`), request, timeoutMs)
      expect(responder.requests[0]).to.include({ method: 'POST', path: '/ocsp?ca=1' })
    })
  })

  describe('the answer', () => {
    const failures: [string, Behaviour, string][] = [
      ['no answer', silent, 'timeout'],
      ['headers and then nothing', stalling, 'timeout'],
      ['a body without end', endless, 'too_large'],
      ['a body one octet too large', answering(Buffer.alloc(65_537)), 'too_large'],
      ['a page of HTML', html, 'content_type'],
      ['no content type', (_, response) => response.writeHead(200).end(der), 'content_type'],
      ['status 500, whatever its body', status(500, der), 'http_server_error'],
      ['status 503', status(503), 'http_server_error'],
      ['status 429', status(429), 'http_server_error'],
      ['status 404', status(404), 'http_client_error'],
      ['status 204', status(204), 'http_server_error'],
      ['a connection cut short', hangingUp, 'connection_lost'],
    ]
    for (const [kind, behaviour, cause] of failures) {
      it(`is none: ${kind} is ${cause}`, async () => {
        expect(await fetch(behaviour)).to.include({ status: 'failed', cause })
        expect(responder.requests).to.have.length(1)
      })
    }

    it('may be 64 KiB and its media type in any case, with parameters', async () => {
      const large = Buffer.alloc(65_536, 1)
      const outcome = await fetch(answering(large, 'Application/OCSP-Response; charset=x'))
      expect(outcome).to.deep.equal({ status: 'answered', der: new Uint8Array(large) })
    })

    it('is never looked for where a redirection points', async () => {
      const elsewhere = await TestResponder.start(answering(der))
      expect(await fetch(redirecting(elsewhere.url))).to.include({ status: 'failed', cause: 'redirected' })
      expect(elsewhere.requests).to.have.length(0)
      await elsewhere.stop()
    })

    it('cannot put line breaks into the log', async () => {
      const outcome = await fetch((_, response) => response.writeHead(200, { 'content-type': 'a\tb\u00e4' }).end())
      expect(outcome).to.include({ status: 'failed', cause: 'content_type', detail: 'a?b?' })
    })
  })

  it('fails at once where nobody listens', async () => {
    const free = await TestResponder.start()
    const url = new URL(free.url)
    await free.stop()
    expect(await clientOf().fetch(url, request, timeoutMs)).to.include({ cause: 'connect_failed' })
  })

  it('fails where the name does not exist', async () => {
    const lookup: ResponderClientOptions['lookup'] = (_hostname, _options, done) =>
      done(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), '')
    const client = clientOf({ allowPrivateAddresses: false, lookup })
    const outcome = await client.fetch(new URL('http://ocsp.example.com/'), request, timeoutMs)
    expect(outcome).to.include({ cause: 'name_not_found' })
  })

  it('fails where TLS does', async () => {
    const url = new URL(responder.url.replace('http:', 'https:'))
    expect(await clientOf().fetch(url, request, timeoutMs)).to.include({ cause: 'tls_failed' })
  })

  it('keeps its deadline, whatever it waits for', async () => {
    const started = performance.now()
    const client = clientOf({ connectionsPerResponder: 1 })
    const url = new URL(responder.url)
    // The second has no connection before the first gives up.
    const outcomes = await Promise.all([client.fetch(url, request, timeoutMs), client.fetch(url, request, timeoutMs)])
    expect(performance.now() - started).to.be.within(timeoutMs * 0.9, timeoutMs * 2)
    for (const outcome of outcomes) expect(outcome).to.include({ cause: 'timeout' })
  })

  it('asks no private address unless the operator allows it', async () => {
    expect(await fetch(answering(der), { allowPrivateAddresses: false })).to.include({ cause: 'address_refused' })
    expect(responder.connections).to.equal(0)
  })

  describe('connections', () => {
    it('are used again', async () => {
      responder.behaviour = answering(der)
      const client = clientOf({ connectionsPerResponder: 1 })
      for (let i = 0; i < 5; i++) await client.fetch(new URL(responder.url), request, timeoutMs)
      expect(responder.requests).to.have.length(5)
      expect(responder.connections).to.equal(1)
    })

    it('are used again after an error page', async () => {
      const client = clientOf({ connectionsPerResponder: 1 })
      responder.behaviour = inTurn(status(500, 'x'.repeat(2_000)), answering(der))
      await client.fetch(new URL(responder.url), request, timeoutMs)
      expect(await client.fetch(new URL(responder.url), request, timeoutMs)).to.include({ status: 'answered' })
      expect(responder.connections).to.equal(1)
    })

    it('are no more than allowed, and what waits for one is bounded', async () => {
      const client = clientOf({ connectionsPerResponder: 2, queuePerResponder: 3 })
      responder.behaviour = slowly(30, answering(der))
      const url = new URL(responder.url)
      const outcomes = await Promise.all(Array.from({ length: 7 }, () => client.fetch(url, request, 2_000)))
      expect(outcomes.filter(({ status }) => status === 'answered')).to.have.length(5)
      expect(outcomes.filter((outcome) => 'cause' in outcome && outcome.cause === 'queue_full')).to.have.length(2)
      expect(responder.connections).to.equal(2)
      expect(await client.fetch(url, request, 2_000)).to.include({ status: 'answered' })
    })

    it('are opened anew where the responder had closed one that was kept', async () => {
      const client = clientOf({ connectionsPerResponder: 1 })
      responder.behaviour = inTurn(answering(der), hangingUp, answering(der))
      const url = new URL(responder.url)
      await client.fetch(url, request, timeoutMs)
      expect(await client.fetch(url, request, timeoutMs)).to.include({ status: 'answered' })
      expect(responder.connections).to.equal(2)
    })
  })

  describe('a proxy', () => {
    let proxy: Server
    const proxied: IncomingMessage[] = []
    let proxyAnswer: (request: IncomingMessage, response: ServerResponse) => void

    beforeEach(async () => {
      proxied.length = 0
      proxyAnswer = (_, response) => response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(der)
      proxy = createServer((request, response) => {
        proxied.push(request)
        proxyAnswer(request, response)
      })
      proxy.on('connect', (request, socket) => {
        proxied.push(request)
        const upstream = connect(Number(request.url?.split(':')[1]), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n')
          upstream.pipe(socket).pipe(upstream)
        })
        for (const end of [socket, upstream]) end.on('error', () => {})
      })
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    })
    afterEach(() => {
      proxy.closeAllConnections()
      proxy.close()
    })
    const viaProxy = (options: Partial<ResponderClientOptions> = {}): ResponderClient => {
      const { port } = proxy.address() as AddressInfo
      return clientOf({
        proxy: new URL(`http://user:secret@127.0.0.1:${port}`),
        allowPrivateAddresses: false,
        ...options,
      })
    }
    const url = new URL('http://ocsp.example.com/ca')

    it('is asked for the whole URL, with its own credentials', async () => {
      expect(await viaProxy().fetch(url, request, timeoutMs)).to.include({ status: 'answered' })
      expect(proxied).to.have.length(1)
      expect(proxied[0]?.url).to.match(/^http:\/\/ocsp\.example\.com\/ca\//)
      expect(proxied[0]?.headers).to.include({
        host: 'ocsp.example.com',
        'proxy-authorization': `Basic ${Buffer.from('user:secret').toString('base64')}`,
      })
    })

    it('tunnels to a responder over TLS', async () => {
      const outcome = await viaProxy().fetch(new URL(`https://127.0.0.1:${responder.port}/`), request, timeoutMs)
      expect(outcome).to.include({ cause: 'tls_failed' })
      expect(proxied[0]).to.include({ method: 'CONNECT', url: `127.0.0.1:${responder.port}` })
    })

    it('changes nothing about the limits', async () => {
      proxyAnswer = (_, response) =>
        response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(Buffer.alloc(70_000))
      expect(await viaProxy().fetch(url, request, timeoutMs)).to.include({ cause: 'too_large' })
      proxyAnswer = () => {}
      expect(await viaProxy().fetch(url, request, timeoutMs)).to.include({ cause: 'timeout' })
    })

    it('that wants other credentials gives no answer', async () => {
      proxyAnswer = (_, response) => response.writeHead(407).end()
      expect(await viaProxy().fetch(url, request, timeoutMs)).to.include({ status: 'failed' })
    })
  })

  it('tells an observer what each request came to, and how long it took', async () => {
    const seen: Parameters<FetchObserver['onFetch']>[0][] = []
    const observer: FetchObserver = { onFetch: (fetched) => void seen.push(fetched) }
    await fetch(slowly(20, answering(der)), { observer })
    await fetch(status(500), { observer })
    expect(seen.map(({ responder, outcome }) => [responder, outcome])).to.deep.equal([
      [`http://127.0.0.1:${responder.port}`, 'answered'],
      [`http://127.0.0.1:${responder.port}`, 'http_server_error'],
    ])
    expect(seen[0]?.durationMs).to.be.within(15, timeoutMs)
  })

  it('fails what is under way when it is closed, and everything after', async () => {
    const client = clientOf()
    const underWay = client.fetch(new URL(responder.url), request, 5_000)
    await responder.received(1)
    await client.close()
    expect(await underWay).to.include({ cause: 'closed' })
    expect(await client.fetch(new URL(responder.url), request, 5_000)).to.include({ cause: 'closed' })
  })
})
