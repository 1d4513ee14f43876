import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { keyPurpose } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import { issueDelegate, type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority, der, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

describe('OpenSSL and verifyOcspResponse say the same', () => {
  const root = Authority.root({ keyKind: 'rsa2048' })
  const authority = root.issueAuthority({ keyKind: 'rsa2048' })
  const certificate = authority.issue()
  const subject = {
    certificate: certificateFromDer(certificate.der),
    issuer: certificateFromDer(authority.certificate.der),
  }
  const stranger: IssuedCertificate = { ...authority.certificate, keyPair: root.certificate.keyPair }
  let folder = ''

  before(function () {
    if (spawnSync('openssl', ['version']).error !== undefined) return this.skip()
    folder = mkdtempSync(join(tmpdir(), 'ocsp-openssl-'))
    writeFileSync(join(folder, 'certificate.pem'), certificate.pem)
    writeFileSync(join(folder, 'issuer.pem'), authority.certificate.pem)
    writeFileSync(join(folder, 'root.pem'), root.certificate.pem)
  })
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true })
  })

  /** OpenSSL compares thisUpdate and nextUpdate with the present, so it is given a skew of fifty years; `-attime` is for chains. */
  function statusByOpenSsl(response: Buffer, hashAlgorithm = 'sha1'): string {
    writeFileSync(join(folder, 'response.der'), response)
    const { status, stdout, stderr } = spawnSync(
      'openssl',
      [
        ...[
          'ocsp',
          `-${hashAlgorithm}`,
          '-respin',
          'response.der',
          '-issuer',
          'issuer.pem',
          '-cert',
          'certificate.pem',
          '-no_nonce',
        ],
        ...['-CAfile', 'root.pem', '-verify_other', 'issuer.pem', '-validity_period', `${50 * 366 * 86_400}`],
        ...['-attime', `${fixedNow.getTime() / 1_000}`],
      ],
      { cwd: folder, encoding: 'utf8' },
    )
    const verified = stderr.includes('Response verify OK')
    const answer = /^certificate\.pem: (good|revoked|unknown)$/m.exec(stdout)?.[1]
    return status === 0 && verified && answer !== undefined ? answer : 'rejected'
  }

  const cases: [string, Partial<OcspResponseOptions>, string][] = [
    ['good, by the issuer', {}, 'good'],
    ['good, by the issuer, byKey', { responderId: 'byKey' }, 'good'],
    ['revoked, by the issuer', { status: 'revoked', reason: 'keyCompromise' }, 'revoked'],
    ['unknown, by the issuer', { status: 'unknown' }, 'unknown'],
    ['good, by a delegate', { responder: issueDelegate(authority) }, 'good'],
    ['good, by a delegate with Ed25519', { responder: issueDelegate(authority, { keyKind: 'ed25519' }) }, 'good'],
    ['good, by a delegate on P-521', { responder: issueDelegate(authority, { keyKind: 'p521' }) }, 'good'],
    ['good, with RSA-PSS', { signature: 'rsa-pss-sha256' }, 'good'],
    ['good, by SHA-256 in the CertID', { certId: { hashAlgorithm: 'sha256' } }, 'good'],
    ['a stranger of the same name', { responder: stranger, embedded: [] }, 'rejected'],
    ['a delegate of an ancestor', { responder: issueDelegate(root) }, 'rejected'],
    [
      'a delegate for any purpose',
      { responder: issueDelegate(authority, { extendedKeyUsage: [keyPurpose.any] }) },
      'rejected',
    ],
    [
      'a delegate that expired',
      { responder: issueDelegate(authority, { notAfter: new Date('2026-06-01') }) },
      'rejected',
    ],
    [
      'a delegate with a forged certificate',
      { responder: issueDelegate(authority, { signature: 'forged' }) },
      'rejected',
    ],
    ['a forged signature', { signature: 'forged' }, 'rejected'],
    ['another serial number', { certId: { serialNumber: '01' } }, 'rejected'],
    ['another issuer key', { certId: { issuerKeyHash: Buffer.alloc(20) } }, 'rejected'],
    ['another ResponderID', { responderId: der.explicit(2, der.octetString(Buffer.alloc(20))) }, 'rejected'],
    ['tryLater beside a good answer', { responseStatus: 3 }, 'rejected'],
  ]
  for (const [what, options, expected] of cases) {
    it(`of ${what}: ${expected}`, () => {
      const response = ocspResponse({ authority, certificate, ...options })
      const expectation = { subject, at: fixedNow, skewMs: 0, maxAgeMs: 0, allowSha1: false }
      expect(verifyOcspResponse(response, expectation).status).to.equal(expected)
      expect(statusByOpenSsl(response, options.certId?.hashAlgorithm)).to.equal(expected)
    })
  }
})
