import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { AcceptedRoots } from '../../src/intake/accepted_roots.ts'
import { checkChain } from '../../src/intake/check_chain.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import { type GatewayUnderTest, startGateway } from '../support/gateway_under_test.ts'
import { type CertificateOptions, der } from '../support/pki.ts'

const [clientAuth, serverAuth, anyPurpose] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
const critical = (oid: string): CertificateOptions => ({ extensions: [{ oid, value: der.sequence(), critical: true }] })

/** Leaves that one of the two might see otherwise than the other. */
const leaves: Readonly<Record<string, CertificateOptions>> = {
  'an EC key on P-256': {},
  'an EC key on P-384': { keyKind: 'p384' },
  'an EC key on P-521': { keyKind: 'p521' },
  'an EC key on secp256k1': { keyPair: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }) },
  'an Ed25519 key': { keyKind: 'ed25519' },
  'an RSA key': { keyKind: 'rsa2048' },
  'an RSASSA-PSS key': { keyPair: generateKeyPairSync('rsa-pss', { modulusLength: 2048 }) as never },
  'no extendedKeyUsage': { extendedKeyUsage: undefined },
  'clientAuth and serverAuth': { extendedKeyUsage: [serverAuth, clientAuth] },
  'serverAuth alone': { extendedKeyUsage: [serverAuth] },
  anyExtendedKeyUsage: { extendedKeyUsage: [anyPurpose] },
  'no keyUsage': { keyUsage: [] },
  'keyUsage keyEncipherment': { keyUsage: ['keyEncipherment'] },
  'keyUsage keyAgreement': { keyUsage: ['keyAgreement'] },
  'keyUsage keyCertSign without being a CA': { keyUsage: ['digitalSignature', 'keyCertSign'] },
  'version 1': { version: 1 },
  'a CA as the leaf': { ca: true, keyUsage: ['digitalSignature', 'keyCertSign'], extendedKeyUsage: [clientAuth] },
  'a path length without being a CA': {
    extensions: [{ oid: '2.5.29.19', value: der.sequence(der.smallInteger(0)) }],
  },
  'a critical key identifier': critical('2.5.29.35'),
  'critical CRL distribution points': critical('2.5.29.31'),
  'critical qcStatements': critical('1.3.6.1.5.5.7.1.3'),
  'a critical Netscape certificate type': critical('2.16.840.1.113730.1.1'),
  'a SHA-1 signature': { signature: 'sha1' },
}

describe('intake and Envoy', () => {
  let gateway: GatewayUnderTest
  before('start Envoy', async () => {
    gateway = await startGateway()
  })
  after(() => gateway?.stop())

  for (const [what, options] of Object.entries(leaves)) {
    it(`agree about a leaf with ${what}`, async () => {
      const { clients } = gateway
      const certificate = clients.issue(options)
      const { accepted } = await checkChain(Buffer.from(certificate.pem + clients.chainPem), {
        at: new Date(),
        acceptedRoots: new AcceptedRoots([certificateFromDer(clients.certificate.der)]),
        refusedIssuers: [],
      })
      const handshake = await gateway.handshake({
        protocol: 'http/1.1',
        sni: 'api.example.com',
        path: '/',
        certificate,
      })
      expect(handshake).to.equal(accepted ? 'accepted' : 'refused')
    })
  }
})
