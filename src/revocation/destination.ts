import { type LookupAddress, type LookupOptions, lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'

/** Thrown while connecting, before a byte is sent: the name leads to an address that is nobody's public responder. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused'
}

/**
 * Whether an address is one of the public internet (the IANA special-purpose registries, RFC 6890). False for loopback,
 * link-local, private, shared, documentation, benchmarking, multicast, reserved and unspecified addresses, for IPv6 forms
 * that carry an IPv4 address on to such a place, and for text that is no IP address.
 */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !special.check(address, 'ipv4')
    case 6:
      return routable.check(address, 'ipv6') && !special.check(address, 'ipv6')
    default:
      return false
  }
}

/**
 * A connector for undici that reaches public addresses only. A name is checked by what it resolves to, inside the one
 * lookup that the connection itself uses, so that a name cannot answer differently between check and use (DNS rebinding).
 */
export function publicConnector(options: buildConnector.BuildOptions, resolve: LookupFunction = systemLookup) {
  const connect = buildConnector({ ...options, lookup: publicLookup(resolve) })
  return (target: buildConnector.Options, done: buildConnector.Callback): void => {
    // An address written in the URL is never looked up.
    const address = target.hostname.replace(/^\[|\]$/g, '')
    if (isIP(address) !== 0 && !isPublicAddress(address)) done(refused(target.hostname, [address]), null)
    else connect(target, done)
  }
}

function publicLookup(resolve: LookupFunction): LookupFunction {
  return (hostname, options: LookupOptions, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '')
      const addresses = found as unknown as LookupAddress[]
      const reachable = addresses.filter(({ address }) => isPublicAddress(address))
      const [first] = reachable
      const tried = addresses.map(({ address }) => address)
      if (first === undefined) return done(refused(hostname, tried), '')
      return options.all === true ? done(null, reachable) : done(null, first.address, first.family)
    })
  }
}

const refused = (hostname: string, addresses: readonly string[]): DestinationRefused =>
  new DestinationRefused(`${hostname} is not on the public internet: ${addresses.join(', ')}`)

/** Global unicast, and IPv4 behind a translator (RFC 6052). */
const routable = new BlockList()
routable.addSubnet('2000::', 3, 'ipv6')
routable.addSubnet('64:ff9b::', 96, 'ipv6')

const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
  special.addSubnet(`64:ff9b::${network}`, 96 + prefix, 'ipv6')
}
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}
