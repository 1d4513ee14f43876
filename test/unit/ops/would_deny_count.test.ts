import { expect } from 'chai'
import { WouldDenyCount } from '../../../src/ops/would_deny_count.ts'

describe('WouldDenyCount', () => {
  it('counts by policy and code what passed in shadow mode alone', () => {
    const count = new WouldDenyCount()
    for (const [policy, code, shadow] of [
      ['data', 'basic_invalid', true],
      ['data', 'basic_invalid', true],
      ['merchant', 'basic_invalid', true],
      ['data', 'basic_invalid', undefined],
      ['data', 'allow', undefined],
    ] as const)
      count.add({ policy, code, shadow })
    expect(count.counts).to.deep.equal([
      { policy: 'data', code: 'basic_invalid', requests: 2 },
      { policy: 'merchant', code: 'basic_invalid', requests: 1 },
    ])
  })
})
