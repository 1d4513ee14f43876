import { expect } from 'chai'
import { ocspStatus } from '../../../src/cli/ocsp_status.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type AdminUnderTest, ControlStandIn, entryOf, minutes, serveAdmin } from '../admin/fixture.ts'
import { run, writeConfig } from './ocsp_fixture.ts'

const failing = entryOf({
  ...{ sha256: 'bb'.repeat(32), serialNumber: '7f'.repeat(16), commonName: 'other.example', devApps: ['shop', 'desk'] },
  ...{ status: 'unavailable', source: undefined, thisUpdate: undefined, nextUpdate: undefined, usableUntil: undefined },
  ...{ nextRefresh: minutes(-1), lastError: { at: minutes(-2), cause: 'ocsp.example.com: timeout no answer' } },
})

describe('devapp-authz ocsp status', () => {
  const folder = temporaryFolder('ocsp-status')
  let control: ControlStandIn
  let admin: AdminUnderTest
  beforeEach(async () => {
    control = new ControlStandIn({ entry: failing }, { entry: entryOf() })
    control.statistics.memory.hits = 12
    control.statistics.waits = 3
    admin = await serveAdmin(control)
  })
  afterEach(() => admin.stop())
  after(() => folder.remove())

  it('prints a row a certificate, the most urgent first, and the counters', async () => {
    const { code, stdout, stderr } = await run(ocspStatus, '--admin', admin.address)
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout.split('\n').slice(0, 8)).to.deep.equal([
      'CERTIFICATE               DEVAPP      STATUS       SOURCE  AGE    NEXT UPDATE  NEXT REFRESH  RESPONDER                 LAST ERROR',
      'other.example 7f7f7f7f..  shop, desk  unavailable  -       -      -            1m ago        http://ocsp.example.com/  2m ago: ocsp.example.com: timeout no answer',
      'acme.example 0a0b         acme        good         ocsp    1h30m  in 1h        in 30m        http://ocsp.example.com/  -',
      '',
      '2 certificates, 1 unavailable, 1 good',
      '',
      'SINCE THE START',
      'memory           hits 12, misses 0',
    ])
    expect(stdout).to.match(/^waits +3$/m)
  })

  it('prints what the service said with --json', async () => {
    const { code, stdout } = await run(ocspStatus, '--admin', admin.address, '--json')
    const { at, entries, statistics } = JSON.parse(stdout)
    expect([code, at]).to.deep.equal([0, '2026-06-15T12:00:00.000Z'])
    expect(entries.map(({ sha256 }: { sha256: string }) => sha256)).to.deep.equal(['bb'.repeat(32), 'aa'.repeat(32)])
    expect(entries[0]).to.include({ status: 'unavailable', source: null, nextRefresh: '2026-06-15T11:59:00.000Z' })
    expect(statistics.memory.hits).to.equal(12)
  })

  it('finds the service by its configuration', async () => {
    const config = writeConfig(folder.path, { admin: admin.address })
    expect((await run(ocspStatus, '--config', config)).stdout).to.contain('acme.example')
  })

  it('prints nothing that a terminal would obey', async () => {
    control.remembered = [
      { entry: entryOf({ commonName: 'a\u001b[2Jb\nc\u202ed', lastError: { at: minutes(0), cause: 'x\u0007' } }) },
    ]
    const { stdout } = await run(ocspStatus, '--admin', admin.address)
    expect(stdout).to.contain('a?[2Jb?c?d 0a0b').and.to.contain('x?')
    expect(stdout).not.to.match(/(?!\n)\p{C}/u)
  })

  it('prints the header alone where nothing is registered', async () => {
    control.remembered = []
    const { code, stdout } = await run(ocspStatus, '--admin', admin.address)
    expect(code).to.equal(0)
    expect(stdout).to.match(/^CERTIFICATE .*\n\n0 certificates\n/)
  })

  it('says where no service is running, and exits with 1', async () => {
    await admin.stop()
    const { code, stdout, stderr } = await run(ocspStatus, '--admin', admin.address)
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.equal(
      `devapp-authz ocsp status: no service is running on ${admin.address}. Start it with devapp-authz serve --config FILE, or name another with --admin ADDRESS\n`,
    )
  })

  it('names the problems of a configuration, and exits with 1', async () => {
    const config = writeConfig(folder.path, { admin: '0.0.0.0:9192' })
    const { code, stderr } = await run(ocspStatus, '--config', config)
    expect(code).to.equal(1)
    expect(stderr).to.contain('admin: expected a Unix socket or a loopback address')
    expect((await run(ocspStatus, '--config', `${config}.none`)).stderr).to.contain('no such file')
  })

  it('exits with 2 when it is called wrongly', async () => {
    for (const argv of [['--color'], ['acme'], ['--admin'], ['--admin', admin.address, '--config', 'authz.yaml']]) {
      const { code, stdout, stderr } = await run(ocspStatus, ...argv)
      expect([argv, code, stdout]).to.deep.equal([argv, 2, ''])
      expect(stderr).to.contain('Usage: devapp-authz ocsp status')
    }
  })

  it('prints its usage with --help', async () => {
    const { code, stdout } = await run(ocspStatus, '--help')
    expect(code).to.equal(0)
    expect(stdout).to.contain('(default: unix:/run/devapp-authz/admin.sock)')
  })
})
