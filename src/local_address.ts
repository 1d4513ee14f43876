/** Where only this host's processes reach a server: a Unix socket, or a port of the loopback interface. */
export type LocalAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }

/** A socket's path has to fit into `sun_path`, with its final NUL (unix(7)). */
const maxSocketPathBytes = 107

/**
 * The address that `unix:/PATH` or a loopback `HOST:PORT` means (127.0.0.0/8, `[::1]` or `localhost`), `undefined` for every
 * other text. `localhost` is 127.0.0.1: a resolver that says otherwise is not asked (RFC 6761 6.3).
 */
export function parseLocalAddress(text: string): LocalAddress | undefined {
  const [, path] = /^unix:(\/\P{Cc}+)$/u.exec(text) ?? []
  if (path !== undefined) return Buffer.byteLength(path) <= maxSocketPathBytes ? { kind: 'unix', path } : undefined
  const [, named = '', digits] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  const host = named === 'localhost' ? '127.0.0.1' : named
  const port = Number(digits)
  return isLoopback(host) && port <= 65_535 ? { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port } : undefined
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
