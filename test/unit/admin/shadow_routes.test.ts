import { expect } from 'chai'
import { shadowRoutes } from '../../../src/admin/shadow_routes.ts'
import { WouldDenyCount } from '../../../src/ops/would_deny_count.ts'
import { hostnames, now, policy } from '../../support/evidence.ts'
import { ControlStandIn, send, serveAdmin } from './fixture.ts'

describe('the admin port about shadow mode', () => {
  it('tells which policies are in it now, and what they would have refused', async () => {
    const policies = new Map([policy({ name: 'new', shadow: true }), policy()].map((each) => [each.name, each]))
    const shadowUntil = new Date(now.getTime() + 1)
    const wouldDeny = new WouldDenyCount()
    wouldDeny.add({ policy: 'new', code: 'basic_invalid', shadow: true })
    let at = now
    const routes = shadowRoutes(
      () => ({ hostnames, policies, shadowUntil }),
      wouldDeny,
      () => at,
    )
    const admin = await serveAdmin(new ControlStandIn(), { routes })
    const asked = async () => JSON.parse((await send(admin.address, { path: '/api/v1/shadow' })).text)
    const would_deny = [{ policy: 'new', code: 'basic_invalid', requests: 1 }]
    try {
      expect(await asked()).to.deep.equal({
        policies: [
          { policy: 'new', until: null },
          { policy: 'data', until: shadowUntil.toISOString() },
        ],
        would_deny,
      })
      at = shadowUntil
      expect(await asked()).to.deep.equal({ policies: [{ policy: 'new', until: null }], would_deny })
    } finally {
      await admin.stop()
    }
  })
})
