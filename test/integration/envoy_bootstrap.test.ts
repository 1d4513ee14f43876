import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { upstreamHeaders } from '../../src/envoy/identity_headers.ts'
import { allow } from '../support/authz_stand_in.ts'
import { findEnvoy } from '../support/envoy.ts'
import { httpConnectionManager, readBootstrap } from '../support/envoy_bootstrap.ts'
import type { Asked } from '../support/gateway_client.ts'
import { type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'

const protocols = ['http/1.1', 'h2'] as const

/** A request that no route and no credential stands in the way of. */
const callback = (asked: Partial<Asked> = {}): Asked => ({
  protocol: 'http/1.1',
  sni: 'api2.example.com',
  path: '/v1/callback',
  ...asked,
})

describe('envoy/envoy.yaml', () => {
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

  it("passes Envoy's own validation", async () => {
    const binary = await findEnvoy(() => {})
    const { stderr } = await promisify(execFile)(binary, ['--mode', 'validate', '-c', gateway.envoy.bootstrap])
    expect(stderr).not.to.match(/\[(warning|error|critical)\]/)
  })

  it('starts without a warning, and uses nothing deprecated', async () => {
    expect(gateway.envoy.log()).to.contain('starting main dispatch loop')
    expect(gateway.envoy.log()).not.to.match(/\[(warning|error|critical)\]/)
    expect(await gateway.envoy.stat('runtime.deprecated_feature_use')).to.equal(0)
  })

  describe('the headers', () => {
    it('names every header of the service to the upstream among those that it takes from clients', () => {
      const { mutations } = httpConnectionManager(readBootstrap()).early_header_mutation_extensions[0].typed_config
      expect(mutations.map(({ remove }) => remove)).to.include.members([...upstreamHeaders])
    })

    for (const protocol of protocols) {
      it(`gives the upstream no identity that a client claims, in any spelling, over ${protocol}`, async () => {
        const claimed = [...upstreamHeaders, 'x-forwarded-client-cert', 'x-original-url', 'x-forwarded-host']
        const spellings = (name: string) =>
          protocol === 'h2' ? [name, name] : [name, name.toUpperCase(), name.replace('x-', 'X-')]
        const headers = claimed.flatMap((name) => spellings(name).map((spelling) => [spelling, 'forged'] as const))
        const { status } = await gateway.ask(callback({ protocol, headers }))
        expect(status).to.equal(200)
        expect(received()).not.to.have.any.keys(...claimed)
        expect(JSON.stringify(gateway.upstream.last)).not.to.contain('forged')
      })

      it(`gives the upstream nothing of a client's trailers over ${protocol}`, async () => {
        const trailers = { 'x-devapp-id': 'forged' }
        const { status } = await gateway.ask(callback({ protocol, method: 'POST', body: 'a', trailers }))
        expect(status).to.equal(200)
        expect(gateway.upstream.last).to.deep.include({ bodyBytes: 1, trailers: {} })
      })
    }

    it('gives the upstream the identity that the service sets, whatever the client claims or nominates', async () => {
      gateway.authz.answer = () => ({
        status: { code: 0 },
        ok_response: {
          headers: [
            { header: { key: 'x-devapp-id', value: 'acme' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' as const },
          ],
        },
      })
      await gateway.ask(
        callback({
          headers: [
            ['X-DevApp-ID', 'forged'],
            ['Connection', 'x-devapp-id'],
          ],
        }),
      )
      expect(received()['x-devapp-id']).to.equal('acme')
    })

    it('refuses a header with an underscore', async () => {
      const answer = await gateway.ask(callback({ headers: [['X_DevApp_Id', 'forged']] }))
      expect([answer.status, code(answer.body)]).to.deep.equal([400, 'request_malformed'])
      // Over HTTP/2 Envoy resets the stream instead.
      const reset = gateway.ask(callback({ protocol: 'h2', headers: [['x_devapp_id', 'forged']] }))
      expect(await reset.catch((error: NodeJS.ErrnoException) => error.code)).to.equal('ERR_HTTP2_STREAM_ERROR')
      expect(gateway.authz.asked).to.be.empty
    })

    it('believes no x-request-id, x-forwarded-* and x-envoy-* of a client, not even of one on a private address', async () => {
      const claimed = [
        'x-request-id',
        'x-forwarded-for',
        'x-forwarded-proto',
        'x-envoy-original-path',
        'x-envoy-internal',
      ]
      for (const name of claimed) {
        const answer = await gateway.ask(callback({ headers: [[name, 'forged']] }))
        expect(answer.status).to.equal(200)
        expect(JSON.stringify(received())).not.to.contain('forged')
        expect(answer.headers['x-request-id']).to.equal(received()['x-request-id'])
      }
    })
  })

  describe('the path', () => {
    it('refuses an escaped slash or backslash', async () => {
      for (const path of ['/v1/callback%2f..%2fdata', '/v1%2Fdata', '/v1/callback%5c..%5cdata']) {
        const answer = await gateway.ask(callback({ path }))
        expect([answer.status, code(answer.body)], path).to.deep.equal([400, 'request_malformed'])
      }
      expect(gateway.authz.asked).to.be.empty
    })

    it('is normalized before it chooses the policy, and the upstream gets that reading', async () => {
      for (const path of ['/v1/callback/../data/x', '/v1//data/x', '/v1/callback/%2e%2e/data/x', '/v1/%64ata/x']) {
        gateway.authz.asked.length = 0
        await gateway.ask(callback({ path }))
        expect(gateway.authz.asked[0]?.attributes?.context_extensions, path).to.deep.equal({ policy: 'data' })
        expect(gateway.upstream.last?.path, path).to.equal('/v1/data/x')
      }
    })

    it('has a route by whole segments only, and none without a policy', async () => {
      for (const path of ['/v1/database', '/v1', '/', '/v2/data', '/V1/DATA']) {
        const answer = await gateway.ask(callback({ path }))
        expect([answer.status, code(answer.body)], path).to.deep.equal([404, 'route_unknown'])
      }
      for (const { typed_per_filter_config } of httpConnectionManager(readBootstrap()).route_config.virtual_hosts[0]
        .routes)
        expect(
          typed_per_filter_config['envoy.filters.http.ext_authz'].check_settings.context_extensions.policy,
        ).to.match(/./)
    })
  })
})
