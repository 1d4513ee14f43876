import { expect } from 'chai'
import { sentChainIn } from '../../src/envoy/sent_chain.ts'
import { allow } from '../support/authz_stand_in.ts'
import type { Asked, ClientCertificate } from '../support/gateway_client.ts'
import { type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'
import { Authority, type IssuedCertificate, selfSigned } from '../support/pki.ts'

const now = new Date()
const dayMs = 86_400_000
const other = Authority.root({ commonName: 'Other Root', now })
const issuing = other.issueAuthority({ commonName: 'Other Issuing' })

const withChain = ({ pem, privateKeyPem }: IssuedCertificate, more = issuing.chainPem): ClientCertificate => ({
  ...{ pem: pem + more, privateKeyPem },
})
const onTry = (asked: Partial<Asked> = {}): Asked => ({
  protocol: 'http/1.1',
  sni: 'try.example.com',
  path: '/',
  ...asked,
})

/** Whom the handshake of the 2-way hostname refuses. */
const refused: Readonly<Record<string, ClientCertificate | undefined>> = {
  'of another CA': withChain(issuing.issue()),
  'that has expired': withChain(issuing.issue({ notAfter: new Date(now.getTime() - dayMs) })),
  'that is not valid yet': withChain(issuing.issue({ notBefore: new Date(now.getTime() + dayMs) })),
  'for servers': withChain(issuing.issue({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })),
  'that is self-signed': selfSigned({ now }),
  'that there is none of': undefined,
}

describe('the hostname to try a certificate on, in envoy/envoy.yaml', () => {
  let gateway: GatewayUnderTest

  before('start Envoy', async () => {
    gateway = await startGateway()
  })
  beforeEach(() => {
    gateway.authz.answer = () => ({ status: { code: 7 }, denied_response: { status: { code: 200 }, body: 'told' } })
    gateway.authz.asked.length = 0
  })
  after(() => gateway?.stop())

  const headers = () => gateway.authz.asked.at(-1)?.attributes?.request?.http?.headers ?? {}

  for (const [which, certificate] of Object.entries(refused))
    for (const protocol of ['http/1.1', 'h2'] as const)
      it(`lets in whoever has a certificate ${which}, over ${protocol}, and the service answers with 200`, async () => {
        const given = certificate === undefined ? {} : { certificate }
        expect(await gateway.handshake(onTry({ ...given, sni: 'api.example.com' }))).to.equal('refused')
        expect(await gateway.ask(onTry({ ...given, protocol }))).to.include({ status: 200, body: 'told' })
        const chain = sentChainIn(headers()['x-forwarded-client-cert'])
        const count = certificate?.pem.match(/BEGIN/g)?.length ?? 0
        expect(chain.status === 'read' && chain.certificates.length).to.equal(count)
      })

  it("hands over the client's chain as it was sent, and never one that the client claims", async () => {
    const forged = [['x-forwarded-client-cert', `Hash=00;Chain="${encodeURIComponent(other.chainPem)}"`]] as const
    await gateway.ask(onTry({ headers: forged }))
    expect(headers()).not.to.have.property('x-forwarded-client-cert')
    await gateway.ask(onTry({ headers: forged, certificate: withChain(issuing.issue({ commonName: 'acme' })) }))
    const chain = sentChainIn(headers()['x-forwarded-client-cert'])
    expect(chain.status === 'read' && chain.certificates.map(({ commonNames }) => commonNames[0])).to.deep.equal([
      ...['acme', 'Other Issuing', 'Other Root'],
    ])
  })

  it('hands over chains that are longer than the service reads', async () => {
    const long = issuing.issue({ extensions: [{ oid: '1.3.6.1.4.1.99999.1', value: Buffer.alloc(25_000, 0xff) }] }).pem
    const certificate = withChain(issuing.issue(), long.repeat(3))
    expect(await gateway.ask(onTry({ certificate }))).to.include({ status: 200 })
    expect(headers()['x-forwarded-client-cert']?.length).to.be.greaterThan(256 * 1024)
  })

  it('hands over a chain here and nowhere else, and no credentials', async () => {
    await gateway.ask(onTry({ headers: [['authorization', 'Basic eDp5']] }))
    expect(headers()).not.to.have.property('authorization')
    await gateway.ask({ ...onTry(), sni: 'api.example.com', path: '/v1/data', certificate: gateway.clients.issue() })
    expect(headers()).to.have.property('x-request-id')
    expect(headers()).not.to.have.property('x-forwarded-client-cert')
  })

  it('reaches no upstream, even where the service lets a request pass', async () => {
    gateway.authz.answer = allow
    const before = gateway.upstream.requests
    for (const path of ['/', '/v1/data', '/v1/callback'])
      expect((await gateway.ask(onTry({ path, host: 'api2.example.com' }))).status).to.equal(503)
    expect(gateway.upstream.requests).to.equal(before)
  })
})
