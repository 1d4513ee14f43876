import { expect } from 'chai'
import { GuardedGateway } from './guarded_gateway.ts'

/**
 * Runs a gateway around the tests of a suite. After each test: what reached the upstream after its answer, such as a request that was
 * smuggled in another one, counts too.
 */
export function withGuardedGateway(started: (gateway: GuardedGateway) => void): void {
  let gateway: GuardedGateway
  let seen = 0
  before(async () => {
    gateway = await GuardedGateway.start()
    started(gateway)
  })
  after(() => gateway?.stop())
  beforeEach(() => {
    const { length } = gateway.live.upstream.all
    expect(length, 'requests that reached the upstream after their test').to.equal(seen || length)
  })
  afterEach(() => {
    seen = gateway.live.upstream.all.length
  })
}
