/** When each lock ends that concerns an attempt, in milliseconds since the epoch; 0 where there is none. */
export interface Locks {
  readonly clientKey: number
  readonly address: number
  readonly distributed: number
  /** Whether this ClientKey lately came from this network with the right secret. */
  readonly proven: boolean
  /** Whether this ClientKey lately came from this network with a wrong one. */
  readonly failed: boolean
}

/**
 * What an attempt is refused by; `undefined` where it may be made. A network that proved to have the secret is not kept out by
 * what else comes from it, or from elsewhere. While a ClientKey is guessed from many networks, every other network has one
 * attempt, which a rightful caller needs no more than.
 */
export function refusalOf(
  { clientKey, address, distributed, proven, failed }: Locks,
  now: number,
): { readonly by: 'client_key' | 'address'; readonly until: number } | undefined {
  if (now < clientKey) return { by: 'client_key', until: clientKey }
  if (proven) return undefined
  if (now < address) return { by: 'address', until: address }
  return failed && now < distributed ? { by: 'client_key', until: distributed } : undefined
}
