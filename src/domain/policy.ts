import type { Psd2Role } from './certificate.ts'
import type { SignaturePolicy } from './signature.ts'

/**
 * How the caller's TLS was terminated: with a client certificate (2-way), without (1-way), or with any or none, on a hostname
 * that reaches no API, to try one.
 */
export const channels = ['mtls', 'tls', 'try'] as const
export type Channel = (typeof channels)[number]

export const credentials = ['certificate', 'basic', 'signature'] as const
export type Credential = (typeof credentials)[number]

/** What one group of APIs asks of its callers. An Envoy route names its policy. */
export interface Policy {
  readonly name: string
  readonly channel: Channel
  readonly require: ReadonlySet<Credential>
  /** The API product that the DevApp must have selected. */
  readonly product: string | undefined
  readonly psd2: Psd2Policy | undefined
  /** Exactly where a signature is required. */
  readonly signature: SignaturePolicy | undefined
  /**
   * Whether a certificate passes whose revocation source does not answer, or that names none. Goes before what the
   * configuration says of its issuer, and of all; `undefined` leaves it to those.
   */
  readonly onUnavailable: 'deny' | 'allow' | undefined
  readonly onNoSource: 'deny' | 'allow' | undefined
  readonly answer: 'problem' | 'berlin_group'
  /** Whether the upstream sees `Authorization` on a route that requires Basic. */
  readonly keepAuthorization: boolean
  /** Whether its refusals are found and told, and not enforced. */
  readonly shadow: boolean
  /** How often a certificate may be tried; `undefined` on the channels of APIs. */
  readonly rate: Rate | undefined
}

/** What is answered within `perMs`, evenly: a source that was silent that long may ask so often at once. */
export interface Rate {
  /** For each source. */
  readonly requests: number
  /** For all sources together. */
  readonly total: number
  readonly perMs: number
}

export interface Psd2Policy {
  readonly qwac: 'required' | 'optional'
  readonly roles: readonly Psd2Role[]
  /** Whether one of the roles is enough. */
  readonly match: 'any' | 'all'
}

export interface HostnamesByChannel {
  readonly mtls: readonly [string, ...string[]]
  readonly tls: readonly [string, ...string[]]
  readonly try?: readonly string[] | undefined
}

/** The gateway's hostnames, lower case, each on exactly one channel. */
export class Hostnames {
  readonly #channelByHostname: ReadonlyMap<string, Channel>
  readonly #first: Readonly<Record<Channel, string>>

  constructor({ mtls, tls, try: tried = [] }: HostnamesByChannel) {
    const names = { mtls, tls, try: tried }
    this.#channelByHostname = new Map(channels.flatMap((channel) => names[channel].map((name) => [name, channel])))
    this.#first = { mtls: mtls[0], tls: tls[0], try: tried[0] ?? '' }
  }

  channelOf(hostname: string | undefined): Channel | undefined {
    return hostname === undefined ? undefined : this.#channelByHostname.get(hostname)
  }

  /** The hostname that a misdirected caller is told to use; empty where no hostname is for trying. */
  advertised(channel: Channel): string {
    return this.#first[channel]
  }
}

/** The configuration that decisions follow; replaced as a whole. */
export interface Rules {
  readonly hostnames: Hostnames
  readonly policies: ReadonlyMap<string, Policy>
  /** Until then, every policy is in shadow mode. */
  readonly shadowUntil: Date | undefined
}
