import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ocspGet } from '../../../src/cli/ocsp_get.ts'
import { ocspVerify } from '../../../src/cli/ocsp_verify.ts'
import { ocspResponse } from '../../support/ocsp.ts'
import { Authority } from '../../support/pki.ts'
import { run as runProgram } from '../../support/program.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type AdminUnderTest, ControlStandIn, entryOf, minutes, serveAdmin } from '../admin/fixture.ts'
import { run } from './ocsp_fixture.ts'

describe('devapp-authz ocsp get', () => {
  const authority = Authority.root()
  const certificate = authority.issue({ serialNumber: '008001' })
  const sha256 = certificate.x509.fingerprint256.replaceAll(':', '').toLowerCase()
  const der = ocspResponse({ authority, certificate })
  const entry = entryOf({ sha256, serialNumber: '008001', lastError: { at: minutes(-1), cause: 'timeout' } })

  const folder = temporaryFolder('ocsp-get')
  const file = (name: string): string => join(folder.path, name)
  let control: ControlStandIn
  let admin: AdminUnderTest
  before(() => {
    writeFileSync(file('leaf.pem'), certificate.pem)
    writeFileSync(file('leaf.der'), certificate.der)
    writeFileSync(file('ca.pem'), authority.certificate.pem)
  })
  beforeEach(async () => {
    control = new ControlStandIn({ entry, der }, { entry: entryOf({ serialNumber: '0b' }) })
    admin = await serveAdmin(control)
  })
  afterEach(() => admin.stop())
  after(() => folder.remove())

  const get = (...argv: string[]) => run(ocspGet, ...argv, '--admin', admin.address)

  it('prints the entry', async () => {
    const { code, stdout, stderr } = await get(sha256)
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout.split('\n')).to.deep.equal([
      'Certificate     acme.example',
      'Serial number   008001',
      `SHA-256         ${sha256}`,
      'Issuer          CN=Example CA',
      `Issuer SHA-256  ${'cc'.repeat(32)}`,
      'DevApps         acme',
      'Status          good (ocsp)',
      'thisUpdate      2026-06-15T10:30:00.000Z (1h30m ago)',
      'nextUpdate      2026-06-15T13:00:00.000Z (in 1h)',
      'Usable until    2026-06-15T13:00:00.000Z (in 1h)',
      'Next refresh    2026-06-15T12:30:00.000Z (in 30m)',
      'Responder       http://ocsp.example.com/',
      'Last error      timeout (1m ago)',
      `Answer          ${der.length} bytes of DER (--out FILE writes them)`,
      '',
    ])
  })

  it('finds it by a file in PEM or DER, by the SHA-256 and by the serial number', async () => {
    const colons = certificate.x509.fingerprint256
    for (const cert of [file('leaf.pem'), file('leaf.der'), sha256, colons, '008001', '8001', '00:80:01']) {
      const { code, stdout } = await get(cert, '--json')
      expect([cert, code, JSON.parse(stdout).entry.sha256]).to.deep.equal([cert, 0, sha256])
    }
  })

  it('asks which one where several have the serial number', async () => {
    control.remembered = [{ entry }, { entry: entryOf({ serialNumber: '008001' }) }]
    const { code, stderr } = await get('8001')
    expect(code).to.equal(1)
    expect(stderr).to.contain(sha256).and.to.contain('aa'.repeat(32)).and.to.contain('name one by its SHA-256')
  })

  it('says that a certificate is not registered, and exits with 1', async () => {
    const unknown = 'dd'.repeat(32)
    const byHash = await get(unknown)
    expect([byHash.code, byHash.stdout]).to.deep.equal([1, ''])
    expect(byHash.stderr).to.equal(
      `devapp-authz ocsp get: ${unknown} is not registered with the service on ${admin.address}\n`,
    )
    expect((await get('77')).stderr).to.contain('no registered certificate has the serial number 77')
    expect((await get('leaf.crt')).stderr).to.contain('leaf.crt is no file, and neither a SHA-256 nor a serial number')
  })

  it('writes an answer that devapp-authz ocsp verify and openssl read', async () => {
    const { code, stdout } = await get(sha256, '--out', file('answer.der'))
    expect(code).to.equal(0)
    expect(stdout).to.contain(`Answer          ${der.length} bytes of DER, written to ${file('answer.der')}`)
    expect(readFileSync(file('answer.der'))).to.deep.equal(Buffer.from(der))
    const files = ['--response', file('answer.der'), '--cert', file('leaf.pem'), '--issuer', file('ca.pem')]
    expect((await run(ocspVerify, ...files, '--at', '2026-06-15T12:00:00Z')).stdout).to.match(/^status +good$/m)
    const openssl = runProgram('openssl', ['ocsp', '-respin', file('answer.der'), '-noverify', '-text'])
    expect(openssl.output).to.match(/OCSP Response Status: successful[\s\S]*Cert Status: good/)
  })

  it('writes no file where no answer is remembered, and exits with 1', async () => {
    control.remembered = [{ entry: entryOf({ status: 'pending' }) }]
    const { code, stderr } = await get('0a0b', '--out', file('none.der'))
    expect([code, existsSync(file('none.der'))]).to.deep.equal([1, false])
    expect(stderr).to.contain('no answer is remembered').and.to.contain('the status is pending')
    expect((await get('0a0b')).stdout).to.match(/^Answer +none$/m)
  })

  it('exits with 2 when it is called wrongly', async () => {
    const wrong = [[], [sha256, sha256], ['--raw', sha256], [sha256, '--redis']]
    for (const argv of wrong) expect([argv, (await get(...argv)).code]).to.deep.equal([argv, 2])
    const { code, stderr } = await run(ocspGet, sha256, '--redis')
    expect([code, stderr.split('\n')[0]]).to.deep.equal([2, 'devapp-authz ocsp get: --redis needs --config FILE'])
  })

  it('prints its usage with --help', async () => {
    expect(await run(ocspGet, '--help')).to.deep.include({ code: 0, stderr: '' })
  })
})
