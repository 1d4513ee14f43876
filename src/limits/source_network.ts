/**
 * Whom an address counts as, where requests are counted by it: an IPv4 address is itself, also mapped into IPv6; of an IPv6 address
 * the first 64 bits, which one host chooses the rest of at will (RFC 4291 2.5.4). Anything else is itself.
 */
export function sourceNetwork(address: string): string {
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!/^[0-9a-f:]+(?:\.\d+){0,3}$/i.test(address) || !address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail ?? '')
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0')
  return `${[...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

const groupsOf = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
