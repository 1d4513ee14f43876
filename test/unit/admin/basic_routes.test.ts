import { expect } from 'chai'
import { basicRoutes } from '../../../src/admin/basic_routes.ts'
import { basicLockouts } from '../../../src/cli/basic_lockouts.ts'
import { basicUnlock } from '../../../src/cli/basic_unlock.ts'
import type { Limit } from '../../../src/lockout/attempts.ts'
import { type Fleet, Lockouts } from '../../../src/lockout/lockouts.ts'
import { devApp, now } from '../../support/evidence.ts'
import { run } from '../cli/ocsp_fixture.ts'
import { type AdminUnderTest, ControlStandIn, send, serveAdmin } from './fixture.ts'

const limit: Limit = { attempts: 2, windowMs: 60_000, lockMs: 60_000, maxLockMs: 60_000 }
const away: Fleet = { ready: false, record: async () => undefined, lift: async () => false, close: () => {} }

describe('the locks of HTTP Basic, for operators', () => {
  let admin: AdminUnderTest
  let lockouts: Lockouts
  let lifted: number
  const serve = async (fleet?: Fleet): Promise<void> => {
    lifted = 0
    lockouts = new Lockouts({
      ...{ clock: () => now, openFleet: fleet && (() => fleet) },
      limits: () => ({ client_key: limit, address: { ...limit, attempts: 5 }, distributed: limit }),
      observer: { onBegan: () => {}, onRefused: () => {}, onLifted: (locks) => (lifted += locks.length) },
    })
    admin = await serveAdmin(new ControlStandIn(), {
      routes: basicRoutes({ lockouts, devApps: () => [devApp()], clock: () => now }),
    })
  }
  afterEach(() => admin.stop())

  const fail = (clientKey: string, source: string): void => {
    for (let i = 0; i < 2; i++) lockouts.failed({ clientKey, source }, undefined, now)
  }
  const list = (...argv: string[]) => run(basicLockouts, ...argv, '--admin', admin.address)
  const unlock = (...argv: string[]) => run(basicUnlock, ...argv, '--admin', admin.address)

  it('are listed with whose they are, and never with a ClientKey that may be a secret', async () => {
    await serve()
    expect(await list()).to.deep.equal({ code: 0, stdout: '0 locks\n', stderr: '' })
    fail('acme-key', '192.0.2.1')
    fail('correct-horse-battery', '2001:db8::7')
    const { code, stdout } = await list()
    expect(code).to.equal(0)
    expect(stdout.replaceAll(/ {2,}/g, '  ').split('\n')).to.have.members([
      'BY  CLIENT KEY  SOURCE  ENDS',
      'client_key  of acme  192.0.2.1  in 1m',
      'client_key  unknown, sha256 6224936938907549  2001:db8:0:0::/64  in 1m',
      'distributed  of acme  any  in 1m',
      'distributed  unknown, sha256 6224936938907549  any  in 1m',
      '4 locks',
      '',
    ])
    const { stdout: json } = await list('--json')
    expect(JSON.parse(json)).to.deep.include({ at: now.toISOString(), fleet: null })
    const found = JSON.parse(json).lockouts.find((each: { source: string }) => each.source === '192.0.2.1')
    expect(found).to.include({ by: 'client_key', devApp: 'acme', until: '2026-06-15T12:01:00.000Z' })
    expect(stdout + json).not.to.include('horse')
  })

  it('are lifted by ClientKey, by address, and all at once', async () => {
    await serve()
    for (const source of ['192.0.2.1', '192.0.2.2']) fail('acme-key', source)
    fail('bolt-key', '192.0.2.2')
    expect(await unlock('--source', '192.0.2.1')).to.deep.equal({ code: 0, stdout: 'lifted 1 lock\n', stderr: '' })
    expect((await unlock('--client-key', 'acme-key')).stdout).to.equal('lifted 2 locks\n')
    expect(JSON.parse((await unlock('--all', '--json')).stdout)).to.deep.equal({ lifted: 2, fleet: true })
    expect((await unlock('--all')).stdout).to.equal('lifted 0 locks\n')
    expect([lifted, lockouts.locks(now).length]).to.deep.equal([5, 0])
  })

  it('say where Redis is away, and that the rest of the fleet could not be told', async () => {
    await serve(away)
    fail('acme-key', '192.0.2.1')
    expect((await list()).stdout).to.match(/^2 locks; Redis is away, so these are of this process alone$/m)
    const { code, stderr } = await unlock('--all')
    expect([code, lockouts.locks(now).length]).to.deep.equal([1, 0])
    expect(stderr).to.match(/the rest of the fleet could not be told: Redis is away/)
  })

  it('stay where it is asked for wrongly', async () => {
    await serve()
    fail('acme-key', '192.0.2.1')
    const headers = { 'content-type': 'application/json' }
    for (const body of [
      ...[{}, { kind: 'all', more: 1 }, { kind: 'client_key' }, { kind: 'client_key', clientKey: '' }],
      ...[{ kind: 'source', address: 'a'.repeat(5_000) }, { kind: 'everything' }],
    ]) {
      const asked = { method: 'POST', path: '/api/v1/basic/unlock', headers, body: JSON.stringify(body) }
      expect((await send(admin.address, asked)).status, JSON.stringify(body).slice(0, 60)).to.equal(400)
    }
    for (const argv of [[], ['--all', '--source', '192.0.2.1'], ['--everything']])
      expect((await unlock(...argv)).code, argv.join(' ')).to.equal(2)
    expect(lockouts.locks(now)).to.have.length(2)
  })
})
