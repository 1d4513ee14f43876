import { expect } from 'chai'
import type { GuardedGateway } from './guarded_gateway.ts'

/** After each test: what reached the upstream after its answer, such as a request that was smuggled in another one, counts too. */
export function keepsRecord(gateway: () => GuardedGateway): void {
  let seen = 0
  beforeEach(() => {
    const { length } = gateway().live.upstream.all
    expect(length, 'requests that reached the upstream after their test').to.equal(seen || length)
  })
  afterEach(() => {
    seen = gateway().live.upstream.all.length
  })
}
