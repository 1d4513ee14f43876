import { type Deny, deny } from '../decision.ts'
import type { Evidence } from '../evidence.ts'

/**
 * The two kinds of hostname exclude each other: the channel that the TLS handshake chose (SNI), the one that the request
 * names (Host) and the policy's are the same one. Comparing SNI with Host closes the way around client certificates that
 * a reused connection opens (RFC 9110 7.4). Needs no identity, so it runs before anything is looked up.
 */
export function channel({
  request,
  policy,
  hostnames,
}: Pick<Evidence, 'request' | 'policy' | 'hostnames'>): Deny | undefined {
  const asked = [request.sni, request.host]
  if (asked.every((name) => hostnames.channelOf(name) === policy.channel)) return undefined
  return deny('wrong_hostname', {
    hostname: hostnames.advertised(policy.channel),
    detail: `sni=${request.sni ?? 'none'} host=${request.host} channel=${policy.channel}`,
  })
}
