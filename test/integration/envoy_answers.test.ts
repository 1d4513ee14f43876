import { expect } from 'chai'
import { denials, gatewayDenials } from '../../src/domain/denials.ts'
import { allow } from '../support/authz_stand_in.ts'
import { httpConnectionManager, readBootstrap } from '../support/envoy_bootstrap.ts'
import { freePort } from '../support/free_port.ts'
import type { Answered, Asked } from '../support/gateway_client.ts'
import { type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'

const protocols = ['http/1.1', 'h2'] as const

/** A request that no route and no credential stands in the way of. */
const callback = (asked: Partial<Asked> = {}): Asked => ({
  protocol: 'http/1.1',
  sni: 'api2.example.com',
  path: '/v1/callback',
  ...asked,
})

const base = 'https://devapp-authz.example/denials#'

/** The form of every answer that Envoy makes by itself: a problem in JSON, never HTML, with when to try again where that helps. */
function expectOwnAnswer(
  { status, headers, body }: Answered,
  code: keyof typeof gatewayDenials | 'request_malformed' | 'body_too_large',
): void {
  expect(headers, code).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  expect(headers['retry-after'], `${status} ${code}`).to.equal(status === 503 ? '5' : undefined)
  const { title } = { ...denials, ...gatewayDenials }[code]
  const problem = JSON.parse(body) as { request_id: string }
  expect(problem).to.deep.equal({ type: base + code, title, status, code, request_id: problem.request_id })
  expect(problem.request_id).to.match(/^[0-9a-f-]{36}$/)
}

describe('Envoy between caller and service', () => {
  let gateway: GatewayUnderTest

  before('start Envoy', async () => {
    gateway = await startGateway()
  })
  beforeEach(() => {
    gateway.authz.answer = allow
    gateway.authz.asked.length = 0
  })
  after(() => gateway?.stop())

  const received = () => gateway.upstream.last?.headers ?? {}
  const code = (body: string): unknown => (JSON.parse(body) as { code?: unknown }).code

  describe('what the service is asked', () => {
    for (const protocol of protocols) {
      it(`is told certificate, SNI and policy, and no header that it does not read, over ${protocol}`, async () => {
        const certificate = gateway.clients.issue()
        const headers = [
          ['authorization', 'Bearer abc'],
          ['x-client-key', 'acme-key'],
          ['cookie', 'a=b'],
          ['x-request-id', 'forged'],
        ] as const
        const asked = { protocol, sni: 'api.example.com', path: '/v1/accounts/1?page=2', headers, certificate }
        expect((await gateway.ask(asked)).status).to.equal(200)
        const attributes = gateway.authz.asked[0]?.attributes
        expect(decodeURIComponent(attributes?.source?.certificate ?? '')).to.equal(certificate.pem)
        expect(attributes?.tls_session?.sni).to.equal('api.example.com')
        expect(attributes?.context_extensions).to.deep.equal({ policy: 'accounts' })
        expect(attributes?.request?.http?.headers).to.deep.equal({
          authorization: 'Bearer abc',
          'x-client-key': 'acme-key',
          'x-request-id': received()['x-request-id'],
        })
      })
    }
  })

  describe('what the caller is answered', () => {
    it("leaves the service's refusals as they are, whatever their status", async () => {
      for (const status of [401, 404, 413, 429, 500, 503, 504]) {
        gateway.authz.answer = () => ({
          status: { code: 7 },
          denied_response: {
            status: { code: status as never },
            headers: [
              {
                header: { key: 'content-type', value: 'application/json' },
                append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
              },
            ],
            body: '{"tppMessages":[]}',
          },
          dynamic_metadata: { fields: { code: { stringValue: 'cert_revoked' }, policy: { stringValue: 'callback' } } },
        })
        const answer = await gateway.ask(callback({ protocol: 'h2' }))
        expect(answer).to.include({ status, body: '{"tppMessages":[]}' })
        expect(answer.headers['content-type']).to.equal('application/json')
      }
    })

    it("knows every code of the catalogue that is Envoy's to say, and its title", () => {
      const { mappers } = httpConnectionManager(readBootstrap()).local_reply_config
      const titles = mappers.flatMap(({ body_format_override: format }) =>
        format === undefined ? [] : [[format.json_format['code'], format.json_format['title']]],
      )
      const catalogue = {
        ...gatewayDenials,
        request_malformed: denials.request_malformed,
        body_too_large: denials.body_too_large,
      }
      expect(Object.fromEntries(titles)).to.deep.equal(
        Object.fromEntries(Object.entries(catalogue).map(([name, { title }]) => [name, title])),
      )
    })

    it('says with the code of the catalogue what Envoy itself refuses', async () => {
      const answer = await gateway.ask(callback({ path: '/nowhere' }))
      expect(answer.headers).to.include({ server: 'gateway' })
      expectOwnAnswer(answer, 'route_unknown')
      expect(JSON.parse(answer.body)).to.include({ status: 404, request_id: answer.headers['x-request-id'] })
    })

    it('refuses what it cannot read or does not take: HTTP/1.0, large headers, many headers', async () => {
      const old = await gateway.askVerbatim('GET /v1/callback HTTP/1.0\r\nHost: api2.example.com\r\n\r\n')
      expect(old)
        .to.match(/^HTTP\/1.1 426 /)
        .and.contain('"code":"request_malformed"')
      const large = await gateway.ask(callback({ headers: [['x-large', 'a'.repeat(40_000)]] }))
      const many = await gateway.ask(
        callback({ headers: Array.from({ length: 70 }, (_, i) => [`x-${i}`, '1'] as const) }),
      )
      for (const answer of [large, many]) {
        expect(answer.status).to.equal(431)
        expect(code(answer.body)).to.equal('request_malformed')
      }
    })

    it('answers what is no HTTP in no HTML', async () => {
      const nonsense = ['GET /v1/callback HTTP/1.1\r\n\r\n', 'nonsense\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n']
      // Each connection is held open for a moment after its answer.
      for (const answer of await Promise.all(nonsense.map((text) => gateway.askVerbatim(text)))) {
        expect(answer).to.match(/^HTTP\/1.1 4\d\d /)
        expect(answer).not.to.match(/<\w+|text\/html/i)
      }
    })

    it('answers 503 when the service fails or stalls, and lets nothing through', async () => {
      const before = gateway.upstream.requests
      const failure = Object.assign(new Error('failed'), { code: 13, details: '', metadata: undefined as never })
      for (const failing of [failure, 'never'] as const) {
        gateway.authz.answer = () => failing
        const answer = await gateway.ask(callback())
        expect(answer.status).to.equal(503)
        expectOwnAnswer(answer, 'gateway_unavailable')
      }
      expect(gateway.upstream.requests).to.equal(before)
    })
  })

  it('logs code, policy and DevApp of a refusal, and neither the query nor a credential', async () => {
    const fields = { code: 'cert_revoked', policy: 'callback', devapp: 'acme' }
    gateway.authz.answer = () => ({
      status: { code: 7 },
      denied_response: { status: { code: 'Unauthorized' } },
      dynamic_metadata: {
        fields: Object.fromEntries(Object.entries(fields).map(([name, stringValue]) => [name, { stringValue }])),
      },
    })
    const answer = await gateway.ask(
      callback({ path: '/v1/callback?code=s3cret', headers: [['authorization', 'Basic c2VjcmV0']] }),
    )
    const line = await gateway.envoy.logged(({ request_id }) => request_id === answer.headers['x-request-id'])
    expect(line).to.include({
      ...fields,
      event: 'request',
      status: 401,
      details: 'ext_authz_denied',
      path: '/v1/callback',
    })
    expect(JSON.stringify(gateway.envoy.accessLog())).not.to.match(/s3cret|c2VjcmV0/)
  })
})

describe('Envoy beside broken parts', () => {
  let gateway: GatewayUnderTest

  before('start Envoy', async () => {
    const buffer = {
      name: 'envoy.filters.http.buffer',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
        max_request_bytes: 1024,
      },
    }
    gateway = await startGateway({
      upstreamPort: await freePort(),
      change: (bootstrap) => void httpConnectionManager(bootstrap).http_filters.unshift(buffer),
    })
  })
  after(() => gateway?.stop())

  const refusal = async (
    code: keyof typeof gatewayDenials | 'body_too_large',
    asked: Partial<Asked> = {},
  ): Promise<number> => {
    const answer = await gateway.ask(callback(asked))
    expectOwnAnswer(answer, code)
    return answer.status
  }

  it('tells an upstream that is down from a gateway that is', async () => {
    expect(await refusal('upstream_unavailable')).to.equal(503)
    await gateway.authz.stop()
    expect(await refusal('gateway_unavailable')).to.equal(503)
  })

  it('answers 413 where a filter limits bodies', async () => {
    expect(await refusal('body_too_large', { method: 'POST', body: 'a'.repeat(2_000) })).to.equal(413)
  })
})
