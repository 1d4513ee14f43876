import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { type Signing, signedConcatenation, signedMessage, type UnsignedRequest } from '../../src/signing/sign.ts'
import { addRoute, httpConnectionManager } from '../support/envoy_bootstrap.ts'
import { type LiveGateway, startLiveGateway } from '../support/live_gateway.ts'
import { Authority } from '../support/pki.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { type SigningKey, signingKey } from '../support/signing_keys.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const hostname = 'api2.example.com'
const mebibyte = 1_048_576
const keys = {
  pss: signingKey('rsa-pss-sha512', 'pss'),
  rsa: signingKey('rsa-v1_5-sha256', 'rsa'),
  ec: signingKey('ecdsa-p256-sha256', 'ec'),
  ed: signingKey('ed25519', 'ed'),
}
const others = signingKey('ed25519', 'ed')
const stranger = signingKey('ed25519', 'ed')
const strangerWithRsa = signingKey('rsa-v1_5-sha256')
const secrets = { acme: 'acme-9XkZl0tQ2wE4rT6y', globex: 'globex-7aB3cD5eF6gH8' }
const payment = Buffer.from('{"amount": "10.00", "currency": "EUR"}')

/** As YAML, in one line. */
const policiesText = (policies: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(policies)
    .map(([name, policy]) => `${name}: ${policy}`)
    .join(', ')} }`

type Protocol = 'http/1.1' | 'h2'

/** What is sent, and what of it is another than what was signed. */
interface Sending extends Partial<UnsignedRequest> {
  readonly path?: string
  readonly key?: SigningKey
  readonly signing?: Partial<Signing>
  readonly devApp?: keyof typeof secrets
  readonly protocol?: Protocol
  readonly instead?: {
    readonly method?: string
    readonly path?: string
    readonly body?: Uint8Array
    readonly headers?: Readonly<Record<string, string>>
    readonly host?: string
    /** Sent besides. */
    readonly more?: readonly (readonly [string, string])[]
  }
}

describe('signed requests through Envoy', () => {
  let gateway: LiveGateway
  let redis: RunningRedis
  let nonces = 0

  before(async function () {
    this.timeout(60_000)
    redis = await startRedis(await findRedis(() => {}))
    const root = Authority.root({ now: new Date() })
    const published = (key: SigningKey) => ({ id: key.publicKey.id, algorithm: key.publicKey.algorithm, pem: key.pem })
    const merchant = '{ channel: tls, require: [basic, signature], signature:'
    gateway = await startLiveGateway({
      registrations: [
        { id: 'acme', certificates: [], clientSecret: secrets.acme, publicKeys: Object.values(keys).map(published) },
        { id: 'globex', certificates: [], clientSecret: secrets.globex, publicKeys: [published(others)] },
      ],
      chainPem: root.certificate.pem,
      ocsp: `{ cache: { redis: { url: '${redis.url}', timeout: 500ms } } }`,
      policies: policiesText({
        payments: `${merchant} { profile: message-signatures, headers: [content-type, idempotency-key] } }`,
        brief: `${merchant} { profile: message-signatures, max_body: 1KiB } }`,
        lenient: `${merchant} { profile: message-signatures, on_replay_unavailable: allow } }`,
        berlin: `{ channel: tls, require: [basic, signature], answer: berlin_group, signature: { profile: message-signatures } }`,
        orders: `${merchant} { profile: concatenated } }`,
      }),
      change: (bootstrap) => {
        const { http_filters } = httpConnectionManager(bootstrap)
        const authorizer = http_filters.find(({ name }) => name === 'envoy.filters.http.ext_authz')!
        const { patterns } = authorizer.typed_config['allowed_headers'] as { patterns: { exact: string }[] }
        patterns.push({ exact: 'idempotency-key' })
        for (const policy of ['brief', 'lenient', 'berlin', 'orders'])
          addRoute(bootstrap, `/v1/${policy}`, policy, true)
        // As somebody might leave it.
        addRoute(bootstrap, '/v1/forgotten', 'payments')
      },
    })
  })
  after(async () => {
    await gateway?.stop()
    await redis?.stop()
  })

  async function send(sending: Sending = {}) {
    const { path = '/v1/payments?x=%2F', key = keys.ed, devApp = 'acme', protocol = 'http/1.1' } = sending
    const { method = 'POST', body = payment, headers = { 'content-type': 'application/json' }, instead = {} } = sending
    const request: UnsignedRequest = { method, url: `https://${hostname}${path}`, headers, body }
    nonces++
    const signing: Signing = {
      ...{ key: key.privateKey, algorithm: key.publicKey.algorithm, keyId: key.publicKey.id, created: new Date() },
      ...{ expires: undefined, nonce: `e2e-${nonces}`, ...sending.signing },
    }
    const signed = path.startsWith('/v1/orders')
      ? signedConcatenation(request, key.privateKey)
      : signedMessage(request, signing)
    return deliver({
      ...{ method, path, body, protocol, ...instead },
      headers: { ...headers, ...signed.headers, ...instead.headers },
      ...{ more: instead.more ?? [], devApp },
    })
  }

  interface Delivery {
    readonly method: string
    readonly path: string
    readonly body: Uint8Array
    readonly protocol: Protocol
    readonly host?: string
    readonly headers: Readonly<Record<string, string>>
    readonly more: readonly (readonly [string, string])[]
    readonly devApp: keyof typeof secrets
  }

  async function deliver({ method, path, body, protocol, host, headers, more, devApp }: Delivery) {
    const basic = `Basic ${Buffer.from(`${devApp}-key:${secrets[devApp]}`).toString('base64')}`
    const before = gateway.upstream.requests
    const delivery = {
      ...{ sni: hostname, protocol, method, path, body, ...(host === undefined ? {} : { host }) },
      headers: [['authorization', basic] as const, ...Object.entries(headers), ...more],
    }
    const answer = await gateway.ask(delivery)
    const arrived = gateway.upstream.requests - before
    const same = gateway.upstream.last?.bodySha256 === createHash('sha256').update(body).digest('hex')
    expect(arrived, `${answer.status} ${answer.body}`).to.equal(answer.code === undefined ? 1 : 0)
    if (arrived > 0) expect(same, 'the upstream got other bytes').to.equal(true)
    return { status: answer.status, code: answer.code, answer }
  }
  const expectCode = async (sending: Sending, status: number, code: string): Promise<void> => {
    const { answer: _, ...found } = await send(sending)
    expect(found).to.deep.equal({ status, code })
  }
  const expectPasses = async (sending: Sending): Promise<void> => {
    const { answer: _, ...found } = await send(sending)
    expect(found).to.deep.equal({ status: 200, code: undefined })
  }

  for (const protocol of ['http/1.1', 'h2'] as const) {
    describe(`over ${protocol}`, () => {
      for (const [name, key] of Object.entries(keys))
        it(`pass with the key ${name}`, () => expectPasses({ protocol, key }))

      it('pass without a body, and with methods that have none', async () => {
        await expectPasses({ protocol, method: 'GET', body: new Uint8Array() })
        await expectPasses({ protocol, method: 'POST', body: new Uint8Array() })
        await expectPasses({
          protocol,
          method: 'POST',
          body: new Uint8Array(),
          instead: { headers: { 'content-length': '0' } },
        })
      })

      it('pass with a body in chunks, compressed, or of any bytes', async () => {
        const chunked: Record<string, string> = protocol === 'h2' ? {} : { 'transfer-encoding': 'chunked' }
        await expectPasses({ protocol, instead: { headers: chunked } })
        await expectPasses({ protocol, body: gzipSync(payment), instead: { headers: { 'content-encoding': 'gzip' } } })
        await expectPasses({ protocol, body: Buffer.from(Array.from({ length: 1_024 }, (_, i) => i % 256)) })
      })

      it('pass with a body of 1 MiB, and not with one byte more', async () => {
        await expectPasses({ protocol, body: Buffer.alloc(mebibyte, 'a') })
        await expectCode({ protocol, body: Buffer.alloc(mebibyte + 1, 'a') }, 413, 'body_too_large')
        await expectCode({ protocol, path: '/v1/brief', body: Buffer.alloc(1_025, 'a') }, 413, 'body_too_large')
        await expectPasses({ protocol, path: '/v1/brief', body: Buffer.alloc(1_024, 'a') })
      })

      const changed: [string, Sending][] = [
        ['the wrong key', { key: stranger }],
        ["another DevApp's key", { key: others }],
        ['another method', { instead: { method: 'PUT' } }],
        ['another path', { instead: { path: '/v1/payments/1?x=%2F' } }],
        ['another query', { instead: { path: '/v1/payments?x=%2f' } }],
        ['no query', { instead: { path: '/v1/payments' } }],
        ['another covered header', { instead: { headers: { 'content-type': 'text/plain' } } }],
        ['one byte of the body changed', { instead: { body: Buffer.from('{"amount": "90.00", "currency": "EUR"}') } }],
        ['the body in another order', { instead: { body: Buffer.from('{"currency": "EUR", "amount": "10.00"}') } }],
        [
          'the white space of the body changed',
          { instead: { body: Buffer.from('{"amount":"10.00","currency":"EUR"}') } },
        ],
        ['no body', { instead: { body: new Uint8Array() } }],
        ['a key of a DevApp that the credentials are not of', { devApp: 'globex' }],
      ]
      for (const [what, sending] of changed)
        it(`are refused with ${what}`, () => expectCode({ protocol, ...sending }, 401, 'signature_invalid'))

      it('are refused with another host, before anything else', async () => {
        await expectCode({ protocol, instead: { host: 'api.example.com' } }, 421, 'wrong_hostname')
        await expectCode({ protocol, instead: { host: `${hostname}:8443` } }, 401, 'signature_invalid')
        await expectPasses({ protocol, instead: { host: `${hostname.toUpperCase()}:443` } })
      })

      it('are refused the second time', async () => {
        const signing = { nonce: `again-${protocol}` }
        await expectPasses({ protocol, signing })
        await expectCode({ protocol, signing }, 401, 'signature_replayed')
      })

      it('are refused with a clock that is wrong, and taken within the skew', async () => {
        const at = (seconds: number) => ({ created: new Date(Date.now() + seconds * 1_000) })
        await expectPasses({ protocol, signing: at(25) })
        await expectPasses({ protocol, signing: at(-300) })
        await expectCode({ protocol, signing: at(60) }, 401, 'signature_expired')
        await expectCode({ protocol, signing: at(-340) }, 401, 'signature_expired')
      })

      it('are refused where the signature is missing, cannot be read or covers too little', async () => {
        const headers = { 'content-type': 'application/json' }
        const bare = {
          ...{ method: 'POST', path: '/v1/payments', body: payment, protocol, headers },
          more: [],
          devApp: 'acme' as const,
        }
        expect(await deliver(bare)).to.include({ status: 401, code: 'signature_missing' })
        await expectCode({ protocol, instead: { headers: { signature: 'sig=1' } } }, 400, 'signature_malformed')
        await expectCode({ protocol, signing: { nonce: undefined } }, 401, 'signature_incomplete')
      })

      it('do not become shorter or longer by what a client says of its body', async () => {
        const claim = [['x-envoy-auth-partial-body', 'false']] as const
        await expectPasses({ protocol, instead: { more: claim } })
        await expectPasses({ protocol, body: new Uint8Array(), instead: { more: claim } })
        await expectCode(
          { protocol, body: new Uint8Array(), instead: { body: payment, more: claim } },
          401,
          'signature_incomplete',
        )
        await expectCode(
          { protocol, body: Buffer.alloc(mebibyte + 1, 'a'), instead: { more: claim } },
          413,
          'body_too_large',
        )
      })

      it('are refused where Envoy keeps their body to itself', async () => {
        const headers = { 'content-length': String(payment.length) }
        await expectCode({ protocol, path: '/v1/forgotten', instead: { headers } }, 500, 'internal_error')
      })

      describe('over method, URL and body', () => {
        const orders = { protocol, path: '/v1/orders?Ref=A1', key: keys.rsa } as const

        it('pass once, whatever the white space and the case of the URL', async () => {
          const body = (n: number) => Buffer.from(`{"order": ${n}, "via": "${protocol}"}`)
          await expectPasses({ ...orders, body: body(1) })
          await expectCode({ ...orders, body: body(1) }, 401, 'signature_replayed')
          await expectPasses({
            ...orders,
            body: body(2),
            instead: { body: Buffer.from(`{"order":2,\n"via":"${protocol}"}`) },
          })
          await expectPasses({ ...orders, body: body(3), instead: { path: '/v1/orders?REF=a1' } })
        })

        it('are refused with another order of keys, byte, query or key', async () => {
          const instead = { body: Buffer.from('{"currency": "EUR", "amount": "10.00"}') }
          await expectCode({ ...orders, instead }, 401, 'signature_invalid')
          await expectCode({ ...orders, instead: { path: '/v1/orders?ref=a2' } }, 401, 'signature_invalid')
          await expectCode({ ...orders, key: strangerWithRsa }, 401, 'signature_invalid')
          await expectCode({ ...orders, instead: { headers: { 'x-signature': '***' } } }, 400, 'signature_malformed')
        })
      })
    })
  }

  it('cannot be sent past the service as an upgrade', async () => {
    const more = [
      ['connection', 'Upgrade'],
      ['upgrade', 'websocket'],
    ] as const
    const { status, code } = await send({ body: new Uint8Array(), instead: { body: payment, more } }).catch(() => ({
      status: 0,
      code: 'broken off',
    }))
    expect(status, code).to.not.equal(200)
    expect(gateway.upstream.last?.headers['upgrade']).to.equal(undefined)
  })

  it('are refused where a covered header came twice, or is no text: the API may get something else', async () => {
    const key = { 'content-type': 'application/json', 'idempotency-key': 'a' }
    await expectPasses({ headers: key })
    await expectCode({ headers: key, instead: { more: [['idempotency-key', 'b']] } }, 400, 'signature_malformed')
    await expectCode({ headers: { ...key, 'idempotency-key': 'a!' } }, 400, 'signature_malformed')
    await expectCode(
      {
        headers: { 'content-type': 'a', 'idempotency-key': 'a!' },
        instead: { headers: { 'idempotency-key': 'a\u00ff' } },
      },
      400,
      'signature_malformed',
    )
  })

  it('are answered in the form of the Berlin Group where the policy says so', async () => {
    const { answer } = await send({ path: '/v1/berlin', instead: { method: 'PUT' } })
    expect(JSON.parse(answer.body)).to.deep.include({
      tppMessages: [
        {
          category: 'ERROR',
          code: 'SIGNATURE_INVALID',
          text: 'The signature does not match the request and the registered keys.',
        },
      ],
    })
    const bare = {
      method: 'POST',
      path: '/v1/berlin',
      body: payment,
      protocol: 'h2',
      headers: {},
      more: [],
      devApp: 'acme',
    } as const
    expect(JSON.parse((await deliver(bare)).answer.body).tppMessages[0].code).to.equal('SIGNATURE_MISSING')
  })

  it('tell no caller what was expected', async () => {
    const { answer } = await send({ instead: { method: 'PUT' } })
    expect(answer.body).to.not.contain('@method').and.not.contain('content-digest')
  })

  it('are refused while Redis is away, unless the policy says otherwise, and pass once it is back', async () => {
    await redis.kill()
    await eventually(async () => (await send()).code === 'replay_unavailable')
    const { status, answer } = await send()
    expect({ status, retryAfter: answer.headers['retry-after'] }).to.deep.equal({ status: 503, retryAfter: '5' })
    const signing = { nonce: 'while-away' }
    await expectPasses({ path: '/v1/lenient', signing })
    await expectCode({ path: '/v1/lenient', signing }, 401, 'signature_replayed')
    await redis.restart()
    await eventually(async () => (await send()).code === undefined)
    const waived = gateway.service.log().filter((line) => (line as { waived?: string }).waived === 'replay_unavailable')
    expect(waived).to.have.length(1)
  })
})
