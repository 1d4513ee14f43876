import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { expect } from 'chai'
import { DestinationRefused, isPublicAddress, publicConnector } from '../../../src/revocation/destination.ts'

describe('destination', () => {
  const refused = {
    loopback: ['127.0.0.1', '127.255.255.254', '::1'],
    'unspecified addresses': ['0.0.0.0', '0.1.2.3', '::'],
    'private networks': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fd00::1', 'fc00::1', 'fec0::1'],
    'link-local addresses': ['169.254.169.254', 'fe80::1', 'febf::1'],
    'carrier-grade NAT': ['100.64.0.1', '100.127.255.255'],
    'multicast and broadcast': ['224.0.0.1', '239.1.1.1', '255.255.255.255', '240.0.0.1', 'ff02::1'],
    'documentation and benchmarks': [
      '192.0.2.1',
      '198.51.100.7',
      '203.0.113.9',
      '198.18.0.1',
      '2001:db8::1',
      '3fff::1',
    ],
    'IPv4 inside IPv6': ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1', '2002:7f00:1::'],
    'private IPv4 behind a translator': ['64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2001::1'],
    'text that is no address': ['', 'localhost', '127.1', '0x7f000001', '2130706433'],
  }
  for (const [kind, addresses] of Object.entries(refused)) {
    it(`never counts as public: ${kind}`, () => {
      for (const address of addresses) expect(isPublicAddress(address), address).to.equal(false)
    })
  }

  it('counts as public what the internet routes', () => {
    const addresses = ['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '64:ff9b::8.8.8.8']
    for (const address of addresses) expect(isPublicAddress(address), address).to.equal(true)
  })

  const connecting = (hostname: string, resolve: LookupFunction = lookup): Promise<Error | null> =>
    new Promise((settle) =>
      publicConnector({ timeout: 1_000 }, resolve)({ hostname, protocol: 'http:', port: '9' }, (error, socket) => {
        socket?.destroy()
        settle(error)
      }),
    )

  it('refuses an address that the URL spells out', async () => {
    for (const hostname of ['127.0.0.1', '[::1]', '169.254.169.254', '[::ffff:7f00:1]'])
      expect(await connecting(hostname), hostname).to.be.instanceOf(DestinationRefused)
  })

  it('refuses a name that the system resolves to loopback', async () => {
    expect(await connecting('localhost')).to.be.instanceOf(DestinationRefused)
  })

  it('resolves a name once for check and connection, so that it cannot answer twice', async () => {
    let lookups = 0
    const rebinding: LookupFunction = (_hostname, _options, done) => {
      lookups++
      done(null, [{ address: lookups === 1 ? '10.1.2.3' : '8.8.8.8', family: 4 }])
    }
    const error = await connecting('rebinding.example.com', rebinding)
    expect(error).to.be.instanceOf(DestinationRefused)
    expect(error?.message).to.include('10.1.2.3')
    expect(lookups).to.equal(1)
  })

  it('passes a resolver that fails on as it is', async () => {
    const failing: LookupFunction = (_hostname, _options, done) =>
      done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '')
    expect(await connecting('gone.example.com', failing)).to.include({ code: 'ENOTFOUND' })
  })
})
