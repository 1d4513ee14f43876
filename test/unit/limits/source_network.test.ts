import { expect } from 'chai'
import { sourceNetwork } from '../../../src/limits/source_network.ts'

describe('sourceNetwork', () => {
  for (const [address, network] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::7', '2001:db8:1:2::/64'],
    ['2001:db8::7', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['/run/envoy.sock', '/run/envoy.sock'],
    ['', ''],
  ] as const)
    it(`counts ${address || 'nothing'} as ${network || 'nothing'}`, () => {
      expect(sourceNetwork(address)).to.equal(network)
    })
})
