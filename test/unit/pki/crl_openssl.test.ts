import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { crlSubjectOf, statusByCrl } from '../../../src/pki/crl_status.ts'
import { verifyCrl } from '../../../src/pki/crl_verification.ts'
import { type CrlOptions, crl } from '../../support/crl.ts'
import { type Authority, der, fixedNow, type IssuedCertificate, pemOf } from '../../support/pki.ts'
import { fromNow, location, minutes, root } from './crl_fixture.ts'

describe('OpenSSL and verifyCrl say the same', () => {
  const authority = root.issueAuthority({ keyKind: 'rsa2048' })
  const namesake = root.issueAuthority({ keyKind: 'rsa2048' })
  const unfit = root.issueAuthority({ commonName: 'Example Certificates Only CA', keyUsage: ['keyCertSign'] })
  const issuer = certificateFromDer(authority.certificate.der)
  const leaf = authority.issue({ crlUrls: [location], ca: false })
  const { serialNumber } = leaf
  let folder = ''

  before(function () {
    if (spawnSync('openssl', ['version']).error !== undefined) return this.skip()
    folder = mkdtempSync(join(tmpdir(), 'crl-openssl-'))
  })
  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true })
  })

  const openssl = (...args: string[]) => spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })

  const cases: [string, Partial<CrlOptions>, 'good' | 'revoked' | 'rejected'][] = [
    ['nothing is revoked', {}, 'good'],
    ['others are revoked', { revoked: [{ serialNumber: '01' }, { serialNumber: `${serialNumber}00` }] }, 'good'],
    ['it is revoked', { revoked: [{ serialNumber: '01' }, { serialNumber, reason: 1 }] }, 'revoked'],
    ['it is on hold', { revoked: [{ serialNumber, reason: 6 }] }, 'revoked'],
    ['it is revoked, says RSA-PSS', { revoked: [{ serialNumber }], signature: 'rsa-pss-sha256' }, 'revoked'],
    ['version 1', { version: undefined, number: undefined, revoked: [{ serialNumber }] }, 'revoked'],
    ['end entities only', { issuingDistributionPoint: { onlyContainsUserCerts: true } }, 'good'],
    ['CAs only', { issuingDistributionPoint: { onlyContainsCaCerts: true } }, 'rejected'],
    ['its distribution point', { issuingDistributionPoint: { urls: [location] } }, 'good'],
    ['another distribution point', { issuingDistributionPoint: { urls: ['http://x.example/'] } }, 'rejected'],
    ['some reasons', { issuingDistributionPoint: { onlySomeReasons: Buffer.of(1, 0x40) } }, 'rejected'],
    ['indirect', { issuingDistributionPoint: { indirectCrl: true } }, 'rejected'],
    ['attribute certificates', { issuingDistributionPoint: { onlyContainsAttributeCerts: true } }, 'rejected'],
    ['an unknown critical extension', { extensions: [{ oid: '1.2.3.4', critical: true }] }, 'rejected'],
    [
      'an unknown critical extension of an entry',
      { revoked: [{ serialNumber: '01', extensions: [{ oid: '1.2.3.4', critical: true }] }] },
      'rejected',
    ],
    ['a forged signature', { signature: 'forged' }, 'rejected'],
    ['a CA of the same name', { issuer: namesake.certificate }, 'rejected'],
    ['another CA', { issuer: root.certificate }, 'rejected'],
    ['expired', { nextUpdate: fromNow(-minutes(1)) }, 'rejected'],
    ['of the future', { thisUpdate: fromNow(minutes(1)) }, 'rejected'],
  ]
  for (const [what, options, expected] of cases) {
    it(`${what}: ${expected}`, () => {
      const bytes = crl({ issuer: authority.certificate, ...options })
      expect(statusByOurs(bytes, issuer, leaf)).to.equal(expected)
      expect(statusByOpenSsl(bytes, authority, leaf)).to.equal(expected)
    })
  }

  it('a delta: rejected', () => {
    const extensions = [{ oid: '2.5.29.27', critical: true, value: der.integer('01') }]
    const bytes = crl({ issuer: authority.certificate, extensions })
    expect(statusByOurs(bytes, issuer, leaf)).to.equal('rejected')
    // Without this option OpenSSL takes a delta CRL for a complete one.
    expect(statusByOpenSsl(bytes, authority, leaf, '-extended_crl')).to.equal('rejected')
  })

  it('an issuer that may not sign CRLs: rejected', () => {
    const certificate = unfit.issue({ crlUrls: [location] })
    const bytes = crl({ issuer: unfit.certificate })
    expect(statusByOurs(bytes, certificateFromDer(unfit.certificate.der), certificate)).to.equal('rejected')
    expect(statusByOpenSsl(bytes, unfit, certificate)).to.equal('rejected')
  })

  it('about the signature alone too: openssl crl -verify', () => {
    writeFileSync(join(folder, 'issuer.pem'), authority.certificate.pem)
    for (const signature of ['default', 'sha512', 'rsa-pss-sha256', 'forged'] as const) {
      const bytes = crl({ issuer: authority.certificate, signature })
      writeFileSync(join(folder, 'crl.der'), bytes)
      const { stderr } = openssl(...'crl -inform DER -in crl.der -verify -CAfile issuer.pem -noout'.split(' '))
      expect(stderr).to.match(/verify (OK|failure)/)
      expect(stderr.includes('verify OK'), signature).to.equal(statusByOurs(bytes, issuer, leaf) === 'good')
    }
  })

  function statusByOurs(bytes: Buffer, by: typeof issuer, certificate: IssuedCertificate): string {
    const expectation = { issuer: by, at: fixedNow, skewMs: 0, maxAgeMs: 0, allowSha1: false }
    const verdict = verifyCrl(bytes, expectation)
    if (verdict.status === 'rejected') return 'rejected'
    return statusByCrl(verdict, crlSubjectOf(certificateFromDer(certificate.der))).status
  }

  function statusByOpenSsl(bytes: Buffer, by: Authority, certificate: IssuedCertificate, ...options: string[]): string {
    writeFileSync(join(folder, 'issuer.pem'), by.certificate.pem)
    writeFileSync(join(folder, 'leaf.pem'), certificate.pem)
    writeFileSync(join(folder, 'crl.pem'), pemOf(bytes, 'X509 CRL'))
    const { status, stderr } = openssl(
      ...'verify -crl_check -partial_chain -trusted issuer.pem -CRLfile crl.pem -attime'.split(' '),
      ...[`${fixedNow.getTime() / 1_000}`, ...options, 'leaf.pem'],
    )
    if (status === 0) return 'good'
    return /certificate revoked/.test(stderr) ? 'revoked' : 'rejected'
  }
})
