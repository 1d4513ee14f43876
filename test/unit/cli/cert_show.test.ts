import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { certShow } from '../../../src/cli/cert_show.ts'
import { Authority, selfSigned } from '../../support/pki.ts'

const root = Authority.root()
const qwac = root.issue({
  organization: 'Maksu Oy',
  organizationIdentifier: 'PSDFI-FINFSA-2858394-9',
  serialNumber: '0096f5a8bc',
  notBefore: new Date('2026-01-02T03:04:05Z'),
  notAfter: new Date('2027-01-02T03:04:05Z'),
  extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.2.3.4'],
  ocspUrls: ['http://127.0.0.1/ocsp'],
  crlUrls: ['http://127.0.0.1/a.crl', 'http://127.0.0.1/b.crl'],
  qcStatements: {
    compliance: true,
    types: ['web'],
    psd2: {
      roles: ['PSP_AI', 'PSP_PI', { oid: '0.4.0.19495.1.0', name: 'Unspecified' }],
      ncaName: 'FIN-FSA',
      ncaId: 'FI-FINFSA',
    },
  },
})
const sha256 = qwac.x509.fingerprint256.replaceAll(':', '').toLowerCase()

describe('devapp-authz cert show', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'cert-show-'))
  })
  after(() => rmSync(folder, { recursive: true }))

  /** Writes the contents to a file; returns its path. */
  function file(name: string, contents: string | Uint8Array): string {
    const path = join(folder, name)
    writeFileSync(path, contents)
    return path
  }

  function run(...argv: string[]): { code: number; stdout: string; stderr: string } {
    const written = { stdout: '', stderr: '' }
    const code = certShow(argv, {
      stdout: (text) => {
        written.stdout += text
      },
      stderr: (text) => {
        written.stderr += text
      },
    })
    return { code, ...written }
  }

  it('prints one JSON object with everything that the gateway reads', () => {
    const { code, stdout, stderr } = run(file('qwac.pem', qwac.pem), '--json')
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).to.deep.equal({
      subject: 'CN=tpp.example.com,organizationIdentifier=PSDFI-FINFSA-2858394-9,O=Maksu Oy,C=FI',
      issuer: 'CN=Example Root CA,O=Example Oy,C=FI',
      serialNumber: '0096f5a8bc',
      commonNames: ['tpp.example.com'],
      notBefore: '2026-01-02T03:04:05.000Z',
      notAfter: '2027-01-02T03:04:05.000Z',
      sha256,
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2', '1.2.3.4'],
      ocspUrls: ['http://127.0.0.1/ocsp'],
      crlUrls: ['http://127.0.0.1/a.crl', 'http://127.0.0.1/b.crl'],
      organizationIdentifier: 'PSDFI-FINFSA-2858394-9',
      organization: { scheme: 'PSD', country: 'FI', authority: 'FINFSA', id: '2858394-9' },
      qwac: true,
      qcCompliance: true,
      qcTypes: ['web'],
      psd2: {
        roles: ['PSP_AI', 'PSP_PI', 'PSP_UNSPECIFIED'],
        unknownRoles: ['PSP_UNSPECIFIED'],
        ncaName: 'FIN-FSA',
        ncaId: 'FI-FINFSA',
      },
      warnings: ['The role 0.4.0.19495.1.0, named "Unspecified", is not known and grants nothing.'],
    })
  })

  it('prints an aligned listing for people', () => {
    const { code, stdout } = run(file('qwac.pem', qwac.pem))
    expect(code).to.equal(0)
    expect(stdout).to.equal(`\
Subject          CN=tpp.example.com,organizationIdentifier=PSDFI-FINFSA-2858394-9,O=Maksu Oy,C=FI
Issuer           CN=Example Root CA,O=Example Oy,C=FI
Common name      tpp.example.com
Serial number    0096f5a8bc
Valid            2026-01-02T03:04:05Z to 2027-01-02T03:04:05Z
SHA-256          ${sha256}
Purposes         clientAuth
                 1.2.3.4
OCSP             http://127.0.0.1/ocsp
CRL              http://127.0.0.1/a.crl
                 http://127.0.0.1/b.crl
Organization ID  PSDFI-FINFSA-2858394-9
                 authorised by FINFSA, FI, as 2858394-9
Qualified        yes, a QWAC
PSD2 roles       PSP_AI
                 PSP_PI
                 PSP_UNSPECIFIED (grants nothing)
NCA              FIN-FSA (FI-FINFSA)
Warnings         The role 0.4.0.19495.1.0, named "Unspecified", is not known and grants nothing.
`)
  })

  it('takes an organizationIdentifier of another register apart, and says of one that is none', () => {
    const named = (organizationIdentifier: string): string =>
      file('other.pem', root.issue({ organizationIdentifier }).pem)
    expect(run(named('NTRFI-2858394-9')).stdout).to.match(/NTRFI-2858394-9\n +register NTR, country FI, as 2858394-9\n/)
    expect(JSON.parse(run(named('VATFI-28583949'), '--json').stdout)).to.deep.include({
      organization: { scheme: 'VAT', country: 'FI', authority: null, id: '28583949' },
    })
    expect(run(named('2858394-9')).stdout).to.match(/ID +2858394-9\n +of no known form/)
    expect(JSON.parse(run(named('2858394-9'), '--json').stdout)).to.deep.include({ organization: null })
  })

  it('says null and none of a certificate that says little', () => {
    const plain = file('plain.pem', selfSigned({ commonNames: [], extendedKeyUsage: undefined }).pem)
    const json = JSON.parse(run(plain, '--json').stdout)
    expect(json).to.deep.include({
      commonNames: [],
      extendedKeyUsage: null,
      ocspUrls: [],
      organizationIdentifier: null,
      qwac: false,
      qcCompliance: false,
      qcTypes: [],
      psd2: null,
      warnings: [],
    })
    const { stdout } = run(plain)
    expect(stdout).to.match(/^Common name {6}-$/m)
    expect(stdout).to.match(/^Purposes {9}every one \(no extendedKeyUsage\)$/m)
    expect(stdout).to.match(/^Qualified {8}no$/m)
  })

  it('says why a certificate is no QWAC', () => {
    const shown = (qcStatements: object) => run(file('other.pem', root.issue({ qcStatements }).pem)).stdout
    expect(shown({ compliance: true, types: ['eseal'] })).to.match(/^Qualified {8}yes, with QcType eseal$/m)
    expect(shown({ types: ['web'] })).to.match(/^Qualified {8}no \(QcType web and no QcCompliance\)$/m)
    expect(shown({})).to.match(/^Qualified {8}no \(no QcType and no QcCompliance\)$/m)
  })

  it('reads DER as well as PEM, and the first certificate of a chain', () => {
    const expected = run(file('qwac.pem', qwac.pem), '--json').stdout
    expect(run(file('qwac.der', qwac.der), '--json').stdout).to.equal(expected)
    expect(run(file('chain.pem', `${qwac.privateKeyPem}${qwac.pem}${root.chainPem}`), '--json').stdout).to.equal(
      expected,
    )
  })

  it('names the file and the reason when it shows nothing, without a stack trace', () => {
    const refused: [string, RegExp][] = [
      [join(folder, 'absent.pem'), /no such file/],
      [folder, /is a directory/],
      [file('empty', ''), /no certificate in it/],
      [file('key.pem', qwac.privateKeyPem), /no certificate in it/],
      [file('cut.der', qwac.der.subarray(0, -1)), /not a readable X\.509 certificate/],
      [file('cut.pem', qwac.pem.slice(0, -30)), /not closed/],
      [file('large', Buffer.alloc(1_048_577)), /larger than 1 MiB/],
    ]
    for (const [path, reason] of refused) {
      const { code, stdout, stderr } = run(path, '--json')
      expect({ code, stdout }, path).to.deep.equal({ code: 1, stdout: '' })
      expect(stderr).to.match(reason)
      expect(stderr.startsWith(`devapp-authz cert show: ${path}: `), stderr).to.equal(true)
      expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1)
    }
  })

  it('stops reading a file that does not end', () => {
    expect(run('/dev/zero')).to.deep.include({
      code: 1,
      stderr: 'devapp-authz cert show: /dev/zero: larger than 1 MiB\n',
    })
  })

  it('answers wrong usage with the problem and the usage', () => {
    const wrong: [string[], RegExp][] = [
      [[], /which FILE\?/],
      [['a.pem', 'b.pem'], /one FILE at a time, not also b\.pem/],
      [['a.pem', '--jason'], /Unknown option '--jason'/],
      [['--json=yes', 'a.pem'], /--json/],
    ]
    for (const [argv, problem] of wrong) {
      const { code, stdout, stderr } = run(...argv)
      expect({ code, stdout }, argv.join(' ')).to.deep.equal({ code: 2, stdout: '' })
      expect(stderr).to.match(problem).and.to.contain('Usage: devapp-authz cert show FILE')
    }
  })

  it('explains itself', () => {
    for (const argv of [['--help'], ['-h'], ['a.pem', '--help']]) {
      const { code, stdout, stderr } = run(...argv)
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' })
      expect(stdout)
        .to.match(/^Usage: devapp-authz cert show FILE/)
        .and.to.contain('--json')
        .and.to.contain('Exit code')
    }
  })
})
