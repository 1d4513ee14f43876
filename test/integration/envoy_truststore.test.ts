import { createHash, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { truststorePem } from '../../src/registry/truststore.ts'
import { filterChain, readBootstrap, replaceFile, truststoreFromFile } from '../support/envoy_bootstrap.ts'
import type { Asked, ClientCertificate } from '../support/gateway_client.ts'
import { type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'
import { Authority, type IssuedCertificate, selfSigned } from '../support/pki.ts'

/** To a path without a route: that Envoy answers at all shows that it took the handshake. */
const on = (sni: string, certificate?: ClientCertificate): Asked => ({
  protocol: 'http/1.1',
  sni,
  path: '/',
  ...(certificate && { certificate }),
})
const mtls = (certificate?: ClientCertificate) => on('api.example.com', certificate)

describe('Envoy with the trust store in a file', () => {
  const now = new Date()
  const others = Authority.root({ commonName: 'Another CA', now })
  const strangers: Record<string, IssuedCertificate> = {
    'of another CA': others.issue(),
    'self-signed': selfSigned({ now }),
  }
  let gateway: GatewayUnderTest
  let client: IssuedCertificate

  before('start Envoy', async () => {
    gateway = await startGateway({ truststore: truststorePem([]) })
    client = gateway.clients.issue()
  })
  beforeEach(async () => {
    await gateway.envoy.replaceTruststore(gateway.clients.chainPem)
  })
  after(() => gateway?.stop())

  async function expectRefused(certificates: Readonly<Record<string, ClientCertificate>>): Promise<void> {
    for (const [which, certificate] of Object.entries(certificates))
      expect(await gateway.handshake(mtls(certificate)), which).to.equal('refused')
  }

  it('accepts a client certificate of the trust store, over both protocols', async () => {
    expect(await gateway.handshake(mtls(client))).to.equal('accepted')
    expect(await gateway.handshake({ ...mtls(client), protocol: 'h2' })).to.equal('accepted')
  })

  it('refuses any other certificate, none, and one that is not valid now, and logs why', async () => {
    const dayMs = 86_400_000
    await expectRefused({
      ...strangers,
      expired: gateway.clients.issue({ notAfter: new Date(now.getTime() - dayMs) }),
      future: gateway.clients.issue({ notBefore: new Date(now.getTime() + dayMs) }),
      'for servers': gateway.clients.issue({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }),
    })
    expect(await gateway.handshake(mtls())).to.equal('refused')
    const logged = (pattern: RegExp) => gateway.envoy.logged(({ reason }) => pattern.test(String(reason)))
    expect(await logged(/unable_to_get_local_issuer/)).to.include({
      event: 'handshake_refused',
      sni: 'api.example.com',
      certificate_serial: strangers['of another CA']?.serialNumber,
    })
    await logged(/PEER_DID_NOT_RETURN_A_CERTIFICATE/)
    await logged(/certificate_has_expired/)
  })

  it('asks for no certificate on the 1-way hostname', async () => {
    expect(await gateway.handshake(on('api2.example.com'))).to.equal('accepted')
    await gateway.ask({ ...on('api2.example.com', client), path: '/v1/callback' })
    expect(gateway.authz.asked.at(-1)?.attributes?.source?.certificate).to.equal('')
  })

  it('closes a handshake with an unknown SNI, or without any', async () => {
    for (const sni of ['elsewhere.example', 'example.com', 'a.api.example.com', ''])
      expect(await gateway.handshake(on(sni, client)), sni).to.equal('refused')
    await gateway.envoy.logged(
      ({ sni, details }) => sni === 'elsewhere.example' && details === 'filter_chain_not_found',
    )
  })

  it('takes over a replaced trust store for the next handshake, without a restart', async () => {
    const other = others.issue()
    expect(await gateway.envoy.replaceTruststore(others.chainPem)).to.equal(true)
    expect(await gateway.handshake(mtls(other))).to.equal('accepted')
    await expectRefused({ client })
  })

  it('resumes no session whose CA has left the trust store', async () => {
    const session = await gateway.session(mtls(client))
    const resumed = await gateway.envoy.stat('listener.gateway.ssl.session_reused')
    expect(await gateway.handshake({ ...mtls(client), session })).to.equal('accepted')
    expect(await gateway.envoy.stat('listener.gateway.ssl.session_reused')).to.equal(resumed + 1)
    await gateway.envoy.replaceTruststore(others.chainPem)
    expect(await gateway.handshake({ ...mtls(client), session })).to.equal('refused')
  })

  it('holds more CAs than a handshake could name, and so names none to strangers', async () => {
    const { keyPair } = others.certificate
    const many = Array.from({ length: 200 }, (_, i) =>
      Authority.root({ commonName: `CA ${i}`, organization: 'a'.repeat(400), keyPair, now }),
    )
    const pem = [...many, gateway.clients].map(({ chainPem }) => chainPem).join('')
    expect(await gateway.envoy.replaceTruststore(pem)).to.equal(true)
    expect(await gateway.handshake(mtls(client))).to.equal('accepted')
  })

  it('refuses everybody when no CA is left', async () => {
    expect(await gateway.envoy.replaceTruststore(truststorePem([]))).to.equal(true)
    await expectRefused({ client, ...strangers })
  })

  it('keeps the last trust store when the new one is empty or damaged', async () => {
    for (const broken of [
      '',
      '\n',
      gateway.clients.chainPem.slice(0, 200),
      `${others.chainPem}-----BEGIN CERTIFICATE-----`,
    ]) {
      expect(await gateway.envoy.replaceTruststore(broken)).to.equal(false)
      expect(await gateway.handshake(mtls(client))).to.equal('accepted')
      await expectRefused(strangers)
    }
  })

  it('refuses everybody when the secret names no CA at all', async () => {
    const secret = {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
      name: 'truststore',
      validation_context: {},
    }
    replaceFile(
      join(dirname(gateway.envoy.bootstrap), 'sds', 'truststore.yaml'),
      JSON.stringify({ resources: [secret] }),
    )
    // Envoy reads the secret anew when the trust store's folder changes.
    await gateway.envoy.replaceTruststore(gateway.clients.chainPem)
    await expectRefused({ client, ...strangers })
  })

  it('rests on an anchor whose key nobody can hold: its x-coordinate is the hash of its name', () => {
    const { combined_validation_context } = filterChain(readBootstrap(), 'mtls').transport_socket.typed_config
      .common_tls_context
    const anchor = combined_validation_context?.default_validation_context as { trusted_ca: { inline_string: string } }
    expect(anchor.trusted_ca.inline_string.trim()).to.equal(truststorePem([]).trim())
    const { subject, publicKey } = new X509Certificate(anchor.trusted_ca.inline_string)
    const commonName = subject.replace('CN=', '')
    expect(commonName).to.equal('Nobody holds the key of this trust anchor')
    expect(publicKey.export({ format: 'jwk' })['x']).to.equal(
      createHash('sha256').update(commonName).digest('base64url'),
    )
  })
})

describe('envoy/envoy.yaml', () => {
  it('has in a comment how the trust store comes from a file, as it is tested here', () => {
    const text = readFileSync(new URL('../../envoy/envoy.yaml', import.meta.url), 'utf8')
    const [, comment = ''] = /# From a file instead.*\n((?: +#.*\n)+)/.exec(text) ?? []
    expect(parse(comment.replaceAll(/^ +# /gm, ''))).to.deep.equal({ sds_config: truststoreFromFile })
  })
})

describe('Envoy that starts with an empty file for its trust store', () => {
  let gateway: GatewayUnderTest

  before('start Envoy', async () => {
    gateway = await startGateway({ truststore: '' })
  })
  after(() => gateway?.stop())

  it('refuses everybody on the 2-way hostname, serves the 1-way one, and recovers with a good file', async () => {
    const client = gateway.clients.issue()
    for (const certificate of [client, selfSigned({ now: new Date() }), undefined])
      expect(await gateway.handshake(mtls(certificate))).to.equal('refused')
    expect(await gateway.handshake(on('api2.example.com'))).to.equal('accepted')
    await gateway.envoy.replaceTruststore(gateway.clients.chainPem)
    expect(await gateway.handshake(mtls(client))).to.equal('accepted')
  })
})
