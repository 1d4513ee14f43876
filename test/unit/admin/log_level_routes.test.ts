import { expect } from 'chai'
import { logLevelRoutes } from '../../../src/admin/log_level_routes.ts'
import { logLevel } from '../../../src/cli/log_level.ts'
import { createLog } from '../../../src/ops/log.ts'
import { RunningLogLevel } from '../../../src/ops/log_level.ts'
import { now } from '../../support/evidence.ts'
import { run } from '../cli/ocsp_fixture.ts'
import { type AdminUnderTest, ControlStandIn, send, serveAdmin } from './fixture.ts'

describe('the level of the log, for operators', () => {
  let admin: AdminUnderTest
  let running: RunningLogLevel
  beforeEach(async () => {
    running = new RunningLogLevel({
      ...{ log: createLog('info', { write: () => {} }), audit: { info: () => {} } },
      clock: () => now,
    })
    admin = await serveAdmin(new ControlStandIn(), { routes: logLevelRoutes(running) })
  })
  afterEach(async () => {
    running.stop()
    await admin.stop()
  })

  const post = async (body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    return send(admin.address, { method: 'POST', path: '/api/v1/log-level', headers, body: JSON.stringify(body) })
  }
  const cli = (...argv: string[]) => run(logLevel, ...argv, '--admin', admin.address)

  it('is shown, changed for a while, and changed back', async () => {
    expect(await cli()).to.deep.include({ code: 0, stdout: 'info\n' })
    expect((await cli('debug')).stdout).to.equal('debug until 2026-06-15T12:10:00.000Z, then info again\n')
    expect(running.inForce.level).to.equal('debug')
    const { stdout } = await cli('--json')
    expect(JSON.parse(stdout)).to.deep.equal({
      ...{ level: 'debug', configured: 'info', until: '2026-06-15T12:10:00.000Z' },
    })
    expect((await cli('warn', '--for', '24h')).stdout).to.contain('2026-06-16T12:00:00.000Z')
    expect((await cli('info')).stdout).to.equal('info\n')
  })

  it('stays where it is asked for wrongly', async () => {
    for (const body of [
      ...[undefined, {}, { level: 'debug' }, { level: 'loud', for: '10m' }, { level: 'debug', for: '25h' }],
      ...[
        { level: 'debug', for: '0s' },
        { level: 'debug', for: 600 },
        { level: 'debug', for: '10m', until: 1 },
      ],
    ]) {
      const { status, text } = await post(body)
      expect(status, JSON.stringify(body)).to.equal(400)
      expect(JSON.parse(text).detail).to.match(/^Expected {"level":"debug"\|.*for at most 24h\.$/)
    }
    for (const argv of [['loud'], ['debug', 'info'], ['debug', '--for', '2d'], ['debug', '--for', 'ever']])
      expect((await cli(...argv)).code, argv.join(' ')).to.equal(2)
    expect(running.inForce.level).to.equal('info')
  })

  it('prints its usage with --help', async () => {
    expect(await run(logLevel, '--help')).to.deep.include({ code: 0, stderr: '' })
  })
})
