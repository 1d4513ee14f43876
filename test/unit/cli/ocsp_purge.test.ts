import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ocspPurge } from '../../../src/cli/ocsp_purge.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type AdminUnderTest, ControlStandIn, entryOf, serveAdmin } from '../admin/fixture.ts'
import { run, writeConfig } from './ocsp_fixture.ts'

describe('devapp-authz ocsp purge', () => {
  const authority = Authority.root()
  const issuerSha256 = authority.certificate.x509.fingerprint256.replaceAll(':', '').toLowerCase()
  const folder = temporaryFolder('ocsp-purge')
  const caFile = join(folder.path, 'ca.pem')
  let control: ControlStandIn
  let admin: AdminUnderTest
  before(() => writeFileSync(caFile, authority.certificate.pem))
  beforeEach(async () => {
    control = new ControlStandIn(
      { entry: entryOf({ issuerSha256 }) },
      { entry: entryOf({ sha256: 'bb'.repeat(32), serialNumber: '0b' }) },
    )
    admin = await serveAdmin(control)
  })
  afterEach(() => admin.stop())
  after(() => folder.remove())

  const purge = (...argv: string[]) => run(ocspPurge, ...argv, '--admin', admin.address)

  it('purges one certificate', async () => {
    const { code, stdout, stderr } = await purge('--cert', '0a0b')
    expect([code, stdout, stderr]).to.deep.equal([0, 'purged the answers about 1 certificate\n', ''])
    expect(control.purged).to.deep.equal([{ kind: 'certificate', sha256: 'aa'.repeat(32) }])
  })

  it('purges what one CA issued, named by a file or its SHA-256', async () => {
    for (const issuer of [caFile, issuerSha256.toUpperCase()]) {
      expect((await purge('--issuer', issuer)).stdout).to.equal('purged the answers about 1 certificate\n')
    }
    const selection = { kind: 'issuer', sha256: issuerSha256 }
    expect(control.purged).to.deep.equal([selection, selection])
  })

  it('purges all', async () => {
    expect((await purge('--all')).stdout).to.equal('purged the answers about 2 certificates\n')
    expect(control.purged).to.deep.equal([{ kind: 'all' }])
  })

  it('exits with 1 and says so where the fleet could not be told', async () => {
    control.fleet = false
    const { code, stdout, stderr } = await purge('--all', '--json')
    expect([code, JSON.parse(stdout)]).to.deep.equal([1, { certificates: 2, fleet: false }])
    expect(stderr).to.contain('the rest of the fleet could not be told')
  })

  it('exits with 1 where nothing was selected', async () => {
    const { code, stderr } = await purge('--cert', 'dd'.repeat(32))
    expect([code, stderr]).to.deep.equal([1, 'devapp-authz ocsp purge: no registered certificate was selected\n'])
  })

  it('purges nothing unless exactly one selection is named', async () => {
    for (const argv of [[], ['--all', '--cert', '0a0b'], ['--cert', '0a0b', '--issuer', caFile], ['0a0b']]) {
      const { code, stderr } = await purge(...argv)
      expect([argv, code]).to.deep.equal([argv, 2])
      expect(stderr).to.contain('Usage: devapp-authz ocsp purge')
    }
    expect((await purge('--issuer', '0a0b')).code).to.equal(1)
    expect((await purge('--cert', 'nothing.pem')).code).to.equal(1)
    expect(control.purged).to.deep.equal([])
  })

  it('says where the configuration has no Redis', async () => {
    const config = writeConfig(folder.path, {})
    const { code, stderr } = await run(ocspPurge, '--all', '--redis', '--config', config)
    expect([code, stderr]).to.deep.equal([1, 'devapp-authz ocsp purge: the configuration has no ocsp.cache.redis\n'])
  })

  it('prints its usage with --help', async () => {
    expect(await run(ocspPurge, '-h')).to.deep.include({ code: 0, stderr: '' })
  })
})
