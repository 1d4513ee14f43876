import { expect } from 'chai'
import { healthRoutes } from '../../../src/admin/health_routes.ts'
import { type AdminUnderTest, ControlStandIn, send, serveAdmin } from './fixture.ts'

describe('the probes of the admin port', () => {
  let missing: readonly string[] = []
  let admin: AdminUnderTest

  before(async () => {
    admin = await serveAdmin(new ControlStandIn(), {
      routes: healthRoutes({
        get missing() {
          return missing
        },
      }),
    })
  })
  after(() => admin.stop())

  it('say that the process lives and is ready', async () => {
    missing = []
    expect(await send(admin.address, { path: '/livez' })).to.deep.include({ status: 200 })
    expect(await send(admin.address, { path: '/readyz' })).to.deep.include({ status: 200 })
  })

  it('say what is missing, of a process that lives all the same', async () => {
    missing = ['registry: nothing was read yet', 'trust store: it is not there yet']
    const { status, text } = await send(admin.address, { path: '/readyz' })
    expect(status).to.equal(503)
    expect(JSON.parse(text).detail).to.equal('registry: nothing was read yet; trust store: it is not there yet')
    expect(await send(admin.address, { path: '/livez' })).to.deep.include({ status: 200 })
  })
})
