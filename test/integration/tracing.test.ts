import { Metadata } from '@grpc/grpc-js'
import { expect } from 'chai'
import { checkService } from '../../src/envoy/check_service.ts'
import type { CheckResponse__Output } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import type { Revocation } from '../../src/ports.ts'
import { PostgresSource } from '../../src/registry/postgres/postgres_source.ts'
import { openRevocation } from '../../src/revocation/open_revocation.ts'
import type { OcspRevocation } from '../../src/revocation/revocation.ts'
import { openTracing } from '../../src/tracing/open_tracing.ts'
import type { DroppedSpans } from '../../src/tracing/span_queue.ts'
import type { Tracing } from '../../src/tracing/tracing.ts'
import { type CheckAttributes, checkRequest, responseIn } from '../support/check_request.ts'
import {
  certificate,
  devApp,
  good,
  hostnames,
  nobodyLocked,
  nothingSigned,
  nothingToTry,
  policy,
} from '../support/evidence.ts'
import { freePort } from '../support/free_port.ts'
import { OtlpReceiver, type ReceivedSpan } from '../support/otlp_receiver.ts'
import { fixedNow } from '../support/pki.ts'
import { TestDatabase } from '../support/postgres_registry.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { answering, silent, status, TestResponder } from '../support/test_responder.ts'
import { defaults, eventually, type Registered, register, responseFor } from '../unit/revocation/fixture.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const traceparent = (sampled: boolean): string => `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`

/** What Envoy sends along with a Check where it traces. */
function metadataOf(entries: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value)
  return metadata
}

const rules = {
  hostnames,
  shadowUntil: undefined,
  policies: new Map([
    ['data', policy()],
    ['other', policy({ name: 'other', product: 'other' })],
    ['rollout', policy({ name: 'rollout', product: 'other', shadow: true })],
    ['merchant', policy({ name: 'merchant', channel: 'tls', require: new Set(['basic']), product: undefined })],
  ]),
}

interface Settings {
  readonly endpoint: string
  readonly headers?: Readonly<Record<string, string>>
  readonly ratio?: number
  readonly trustClients?: boolean
  readonly queue?: number
}

describe('tracing', () => {
  let receiver: OtlpReceiver
  const opened: Tracing[] = []
  const dropped: DroppedSpans[] = []
  const warnings: unknown[] = []

  before(async () => {
    receiver = await OtlpReceiver.start()
  })
  after(() => receiver.stop())
  beforeEach(() => {
    for (const list of [receiver.spans, receiver.headers, dropped, warnings]) list.length = 0
    receiver.status = 200
  })
  afterEach(() => Promise.all(opened.splice(0).map((tracing) => tracing.stop(5_000))))

  function open({ endpoint, headers = {}, ratio = 1, trustClients = false, queue = 100 }: Settings): Tracing {
    const tracing = openTracing(
      {
        ...{ endpoint: new URL(endpoint), headers, queue, sample_ratio: ratio },
        ...{ trust_clients: trustClients, service_name: 'authz-test' },
      },
      {
        log: { warn: (told: unknown) => warnings.push(told) },
        onDropped: (spans: DroppedSpans) => dropped.push(spans),
      } as never,
    )
    opened.push(tracing)
    return tracing
  }

  /** `Check` with tracing around it, as `serve` joins them. */
  function checkOf(tracing: Tracing, revocation: Revocation, registered?: Registered) {
    const presented = registered?.certificate ?? { leaf: certificate(), chain: [certificate()] as const }
    const check = tracing.around(
      checkService({
        settings: () => ({ ...rules, deadlineMs: 1_000, typeBase: 'urn:' }),
        ports: {
          registry: {
            snapshot: () => ({
              bindingOf: () => ({ status: 'registered', certificate: presented, owners: [devApp()] }),
              byClientKey: () => devApp(),
            }),
          },
          ...{ secrets: { verify: () => false }, revocation, qtsps: { accepts: () => true } },
          ...{
            withdrawals: { rolesOf: () => new Set<never>() },
            clock: () => fixedNow,
            trials: nothingToTry,
            attempts: nobodyLocked,
            signatures: nothingSigned,
          },
        },
        certificates: {
          read: (encoded) =>
            encoded === '' ? { status: 'absent' } : { status: 'presented', certificate: presented.leaf },
        },
        onDecision: (record) => tracing.decided(record),
      }),
    )
    return (sent: CheckAttributes, metadata = new Metadata()): Promise<CheckResponse__Output> =>
      new Promise((resolve, reject) => {
        check({ request: checkRequest({ certificate: 'x', ...sent }), metadata }, (error, response) =>
          error ? reject(error) : resolve(responseIn(response)),
        )
      })
  }

  const named = (name: string) => (spans: readonly ReceivedSpan[]) => spans.find((span) => span.name === name)
  const remembered: Revocation = { statusOf: () => good }
  const forwarded = { 'x-request-id': 'r-1' }

  describe('of a Check that waits for a responder', () => {
    let redis: RunningRedis
    let responder: TestResponder
    let registered: Registered
    let tracing: Tracing
    let revocation: OcspRevocation

    before(async () => {
      redis = await startRedis(await findRedis(() => {}))
      responder = await TestResponder.start()
    })
    after(async () => {
      await redis.stop()
      await responder.stop()
    })
    beforeEach(async () => {
      registered = register({ ocspUrls: [responder.url] })
      responder.behaviour = answering(responseFor(registered))
      tracing = open({ endpoint: receiver.url })
      const connection = {
        topology: { kind: 'single', endpoint: { host: '127.0.0.1', port: redis.port } },
        ...{
          commandTimeoutMs: 500,
          connectTimeoutMs: 2_000,
          maxReconnectMs: 500,
          keyPrefix: `${registered.issued.serialNumber}:`,
        },
      } as const
      revocation = openRevocation(
        { ...defaults, cache: { ...defaults.cache, redis: connection } },
        {
          clock: () => fixedNow,
          observer: {
            onFetch: (fetched) => tracing.fetched(fetched),
            onRejected: (rejection) => tracing.rejected(rejection),
            onCommand: (given) => tracing.commanded(given),
            ...{ onCrl: () => {}, onCrlFailed: () => {} },
          },
        },
      )
      await eventually(async () => (await revocation.control.purge({ kind: 'all' })).fleet)
    })
    afterEach(() => revocation.close())

    it("hangs on Envoy's span, and has the responder and Redis below it", async () => {
      const ask = checkOf(tracing, revocation, registered)
      const metadata = metadataOf({ traceparent: traceparent(true), tracestate: 'vendor=1' })
      expect((await ask({ policy: 'data', headers: forwarded }, metadata)).ok_response).to.not.equal(undefined)
      await tracing.stop(5_000)
      const check = await receiver.found(named('Check'))
      expect(check).to.include({ service: 'authz-test', traceId, parentSpanId: spanId, isError: false })
      expect(check.attributes).to.include({
        'devapp_authz.code': 'allow',
        'devapp_authz.policy': 'data',
        'devapp_authz.channel': 'mtls',
        'devapp_authz.devapp': 'acme',
        'devapp_authz.serial': registered.certificate.leaf.serialNumber,
        'devapp_authz.revocation': 'good',
        'devapp_authz.tier': 'responder',
        'devapp_authz.request_id': 'r-1',
      })
      const below = receiver.spans.filter(({ parentSpanId }) => parentSpanId === check.spanId)
      expect(new Set(below.map((span) => span.traceId))).to.deep.equal(new Set([traceId]))
      expect(below.map(({ name }) => name)).to.include.members(['redis GETRANGE', 'redis EVAL acquire', 'OCSP'])
      const ocsp = below.find(({ name }) => name === 'OCSP')
      expect(ocsp?.attributes).to.deep.equal({
        'devapp_authz.responder': new URL(responder.url).origin,
        'devapp_authz.outcome': 'answered',
        'http.response.status_code': 200,
      })
      expect(ocsp?.startMs).to.be.within(check.startMs - 1, check.endMs)
      expect(below.find(({ name }) => name === 'redis GETRANGE')?.attributes).to.deep.equal({
        'db.system.name': 'redis',
        'db.query.summary': 'GETRANGE',
        'devapp_authz.outcome': 'replied',
      })
    })

    it('says what a responder answered that fails, and what did not verify', async () => {
      const ask = checkOf(tracing, revocation, registered)
      responder.behaviour = status(503)
      await ask({ policy: 'data' })
      const other = register({ ocspUrls: [responder.url] })
      responder.behaviour = answering(responseFor(registered))
      await checkOf(tracing, revocation, other)({ policy: 'data' })
      await tracing.stop(5_000)
      const failed = receiver.spans.find(({ name, isError }) => name === 'OCSP' && isError)
      expect(failed?.attributes).to.include({
        'devapp_authz.outcome': 'http_server_error',
        'http.response.status_code': 503,
      })
      expect(receiver.spans.flatMap(({ events }) => events)).to.deep.equal([
        {
          name: 'answer rejected',
          attributes: { 'devapp_authz.tier': 'responder', 'devapp_authz.rejection': 'cert_id_mismatch' },
        },
      ])
    })

    it('has the inquiry that outlasted it, too', async () => {
      const ask = checkOf(tracing, revocation, registered)
      responder.behaviour = silent
      await ask({ policy: 'data' }, metadataOf({ traceparent: traceparent(true) }))
      await eventually(() => responder.requests.length > 0)
      await revocation.close()
      await tracing.stop(5_000)
      const check = await receiver.found(named('Check'))
      const ocsp = await receiver.found(named('OCSP'))
      expect(check.attributes).to.include({ 'devapp_authz.code': 'revocation_unavailable' })
      expect(ocsp).to.include({ traceId, parentSpanId: check.spanId, isError: true })
      expect(ocsp.endMs).to.be.greaterThan(check.endMs)
    })

    it('leaves what is renewed ahead of time to traces of its own, without Redis', async () => {
      await revocation.refresh(registered.certificate)
      await tracing.stop(5_000)
      expect(receiver.spans.map(({ name, parentSpanId }) => [name, parentSpanId])).to.deep.equal([['OCSP', '']])
    })
  })

  it('of PostgreSQL, which no request waits for, is of each reading', async () => {
    const tracing = open({ endpoint: receiver.url })
    const database = await TestDatabase.migrated()
    const source = new PostgresSource(
      { ...database.options(), recheckMs: 60_000 },
      { onLoaded: () => {}, onRefused: () => {}, onRead: (read) => tracing.registryRead(read) },
    )
    await source.start()
    await source.stop()
    await tracing.stop(5_000)
    const read = await receiver.found(named('postgresql registry'))
    expect(read).to.include({ parentSpanId: '', isError: false })
    expect(read.attributes).to.deep.equal({ 'db.system.name': 'postgresql', 'devapp_authz.outcome': 'read' })
  }).timeout(30_000)

  it('says the code of what is allowed, denied, and denied without being enforced', async () => {
    const tracing = open({ endpoint: receiver.url })
    const ask = checkOf(tracing, remembered)
    for (const name of ['data', 'other', 'rollout', 'none']) await ask({ policy: name })
    await checkOf(tracing, { statusOf: () => Promise.reject(new Error('broken')) })({ policy: 'data' })
    await tracing.stop(5_000)
    expect(
      receiver.spans.map(({ attributes, isError }) => [
        attributes['devapp_authz.code'],
        attributes['devapp_authz.shadow'],
        isError,
      ]),
    ).to.deep.equal([
      ['allow', undefined, false],
      ['product_not_selected', undefined, false],
      ['product_not_selected', true, false],
      ['policy_unknown', undefined, false],
      ['internal_error', undefined, true],
    ])
  })

  describe('whose traceparent comes from a client', () => {
    const headers = { traceparent: traceparent(true), tracestate: 'vendor=1' }

    it('is a trace of its own that is linked to it', async () => {
      const tracing = open({ endpoint: receiver.url })
      await checkOf(tracing, remembered)({ policy: 'data', headers })
      await tracing.stop(5_000)
      const check = await receiver.found(named('Check'))
      expect(check.traceId).to.not.equal(traceId)
      expect(check.parentSpanId).to.equal('')
      expect(check.links).to.deep.equal([{ traceId, spanId, traceState: '' }])
    })

    it('is not sampled on its word', async () => {
      const tracing = open({ endpoint: receiver.url, ratio: 0 })
      await checkOf(tracing, remembered)({ policy: 'data', headers })
      await tracing.stop(5_000)
      expect(receiver.spans).to.deep.equal([])
    })

    it('is part of its trace, and sampled, where clients are trusted', async () => {
      const tracing = open({ endpoint: receiver.url, ratio: 0, trustClients: true })
      await checkOf(tracing, remembered)({ policy: 'data', headers })
      await tracing.stop(5_000)
      expect(await receiver.found(named('Check'))).to.include({ traceId, parentSpanId: spanId })
    })

    const rubbish = ['', 'rubbish', `00-${'0'.repeat(32)}-${spanId}-01`, `${traceparent(true)},${traceparent(true)}`]
    it('is a trace of its own where it is none', async () => {
      const tracing = open({ endpoint: receiver.url, trustClients: true })
      for (const sent of rubbish) await checkOf(tracing, remembered)({ policy: 'data', headers: { traceparent: sent } })
      await tracing.stop(5_000)
      expect(receiver.spans).to.have.length(rubbish.length)
      for (const span of receiver.spans) expect(span).to.deep.include({ parentSpanId: '', links: [] })
    })
  })

  it('leaves it to Envoy what is sampled of its traces', async () => {
    const tracing = open({ endpoint: receiver.url, ratio: 1 })
    await checkOf(tracing, remembered)({ policy: 'data' }, metadataOf({ traceparent: traceparent(false) }))
    await tracing.stop(5_000)
    expect(receiver.spans).to.deep.equal([])
  })

  it('sends the configured headers, and nothing of credentials', async () => {
    const tracing = open({ endpoint: receiver.url, headers: { authorization: 'Bearer for-the-receiver' } })
    const authorization = `Basic ${Buffer.from('acme-key:a-client-secret').toString('base64')}`
    const onTls = { policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com', certificate: '' }
    await checkOf(tracing, remembered)({ ...onTls, headers: { authorization } })
    await tracing.stop(5_000)
    const check = await receiver.found(named('Check'))
    expect(check.attributes).to.include({ 'devapp_authz.code': 'basic_invalid' })
    expect(receiver.headers[0]).to.include({ authorization: 'Bearer for-the-receiver' })
    for (const secret of ['a-client-secret', authorization.slice(6), 'acme-key', 'for-the-receiver'])
      expect(receiver.received.includes(secret), secret).to.equal(false)
  })

  describe('whose receiver', () => {
    it('is down drops and counts the spans, says so once, and costs no request anything', async () => {
      const tracing = open({ endpoint: `http://127.0.0.1:${await freePort()}/v1/traces` })
      const ask = checkOf(tracing, remembered)
      for (let i = 0; i < 3; i++) expect((await ask({ policy: 'data' })).ok_response).to.not.equal(undefined)
      const started = performance.now()
      await tracing.stop(5_000)
      expect(performance.now() - started).to.be.below(5_000)
      expect(dropped.map(({ spans, reason }) => [spans, reason])).to.deep.equal([[3, 'export_failed']])
      expect(warnings).to.have.length(1)
      expect(warnings[0]).to.include({ spans: 3, reason: 'export_failed' })
    })

    it('refuses them likewise', async () => {
      receiver.status = 401
      const tracing = open({ endpoint: receiver.url })
      await checkOf(tracing, remembered)({ policy: 'data' })
      await tracing.stop(5_000)
      expect(dropped).to.deep.equal([{ spans: 1, reason: 'export_failed', cause: 'Unauthorized' }])
    })

    it('is slower than the spans come drops those that do not fit', async () => {
      const tracing = open({ endpoint: receiver.url, queue: 2 })
      const ask = checkOf(tracing, remembered)
      for (let i = 0; i < 5; i++) await ask({ policy: 'data' })
      await tracing.stop(5_000)
      expect(receiver.spans).to.have.length(2)
      expect(dropped).to.deep.equal(Array(3).fill({ spans: 1, reason: 'queue_full', cause: undefined }))
      expect(warnings).to.have.length(1)
    })
  })
})
