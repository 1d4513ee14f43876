import { createPublicKey } from 'node:crypto'
import { expect } from 'chai'
import { identityHeaders } from '../../src/envoy/identity_headers.ts'
import { type AuthzStandIn, allow, startAuthzStandIn } from '../support/authz_stand_in.ts'
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../support/envoy.ts'
import { Authority } from '../support/pki.ts'
import { startUpstream } from '../support/upstream.ts'
import { ask } from '../support/gateway_client.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
void createPublicKey; void identityHeaders; void allow
const now = new Date()
const root = Authority.root({ now })
const clients = Authority.root({ now, commonName: 'Clients' })
const server = (name: string) => root.issue({ commonName: name, subjectAltNames: [name], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
describe('try', () => {
  it('x', async () => {
    let t = performance.now()
    const lap = (w: string) => { console.log(w, Math.round(performance.now() - t)); t = performance.now() }
    const binary = await findEnvoy(console.log)
    lap('find')
    const folder = temporaryFolder('authz')
    const authz: AuthzStandIn = await startAuthzStandIn(folder.path + '/s'); lap('standin')
    const upstream = await startUpstream()
    const envoy: RunningEnvoy = await startEnvoy({ binary, authzSocket: folder.path + '/s', upstreamPort: upstream.port, serverCertificates: { mtls: server('api.example.com'), tls: server('api2.example.com') }, truststore: clients.chainPem })
    lap('envoy')
    console.log(envoy.log().split('\n').filter((l) => !l.includes('[info]')))
    for (const protocol of ['http/1.1', 'h2'] as const) {
      const a = await ask(envoy.port, root.chainPem, { protocol, sni: 'api.example.com', path: '/v1/data/x?q=1', certificate: clients.issue(), headers: [['X-DevApp-ID', 'x'], ['x-devapp-id', 'y'], ['connection', 'x-devapp-id']].slice(0, protocol === 'h2' ? 2 : 3) as never, body: 'abc', method: 'POST', trailers: { 'x-devapp-id': 'z' } })
      console.log(a); lap(protocol)
    }
    console.log(authz.asked[0], JSON.stringify(authz.asked[0]))
    console.log(await envoy.replaceTruststore(root.chainPem)); lap('replace')
    console.log(await envoy.replaceTruststore('')); lap('replace')
    console.log(await envoy.logged((l) => l['protocol'] === 'HTTP/2')); lap('log')
    await envoy.stop(); lap('stop'); await upstream.stop(); authz.stop(); folder.remove()
    lap('rest')
    expect(1).to.equal(1)
  })
})
