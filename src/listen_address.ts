import { isIP } from 'node:net'

/** Where a server listens: a Unix socket, or a port of an interface. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** A socket's path has to fit into `sun_path`, with its final NUL (unix(7)). */
const maxSocketPathBytes = 107

/**
 * The address that `unix:/PATH` or `HOST:PORT` means, `undefined` for every other text. HOST is an IPv4 address, an IPv6 address in
 * brackets, or `localhost`, which is 127.0.0.1: a resolver that says otherwise is not asked (RFC 6761 6.3).
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, path] = /^unix:(\/\P{Cc}+)$/u.exec(text) ?? []
  if (path !== undefined) return Buffer.byteLength(path) <= maxSocketPathBytes ? { kind: 'unix', path } : undefined
  const [, named = '', digits] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const [, inBrackets] = /^\[(.*)\]$/.exec(named) ?? []
  const host = named === 'localhost' ? '127.0.0.1' : (inBrackets ?? named)
  const port = Number(digits)
  const isAddress = inBrackets === undefined ? isIP(host) === 4 : isIP(host) === 6
  return isAddress && port <= 65_535 ? { kind: 'tcp', host, port } : undefined
}

/** The same where only this host's processes reach it: a Unix socket, or a port of the loopback interface. */
export function parseLocalAddress(text: string): ListenAddress | undefined {
  const address = parseListenAddress(text)
  if (address === undefined || address.kind === 'unix') return address
  return isLoopback(address.host === '::1' ? '[::1]' : address.host) ? address : undefined
}

/** The address as `parseListenAddress` reads it. */
export function addressText(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`
  return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`
}

/** Whether the host of a URL or of a Host header, without its port, is the loopback interface. No name is looked up. */
export function isLoopback(host: string): boolean {
  const [, octets] = /^127((?:\.\d{1,3}){3})$/.exec(host) ?? []
  if (octets === undefined) return host === '[::1]' || host === 'localhost'
  return octets
    .slice(1)
    .split('.')
    .every((octet) => Number(octet) <= 255)
}
