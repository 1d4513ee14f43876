import type { Certificate, Psd2Role } from './certificate.ts'
import type { ChainFinding } from './chain.ts'
import type { DenyCode, ToldOf } from './denials.ts'
import { denials } from './denials.ts'
import type { DevApp } from './devapp.ts'
import type { NearMiss } from './near_miss.ts'

export type Decision = Allow | Deny | Shadowed | Tried

export interface Allow {
  readonly kind: 'allow'
  /** Whose request it is; `undefined` on a policy that asks for no credentials. */
  readonly devApp: DevApp | undefined
  /** The registered leaf that the caller holds the key of, where the policy requires one. */
  readonly certificate: Certificate | undefined
  /** Those of the certificate that were not withdrawn. */
  readonly psd2Roles: readonly Psd2Role[]
}

export interface Deny {
  readonly kind: 'deny'
  readonly code: DenyCode
  /** The catalogue's sentence with its values filled in. */
  readonly told: string
  /** For the log, never for the caller. */
  readonly detail: string | undefined
  /** When trying again is worth it; without it, whoever answers says. */
  readonly retryAfterSeconds?: number
}

/** A refusal that shadow mode does not enforce: the request passes, and the upstream is told of nobody. */
export interface Shadowed {
  readonly kind: 'shadowed'
  readonly denial: Deny
}

/** What the gateway would decide about a certificate: the answer to who tries it. Nothing passes. */
export interface Tried {
  readonly kind: 'tried'
  readonly at: Date
  /** The refusal that an API would give; `undefined` where one would allow it. */
  readonly denial: Deny | undefined
  /** The caller's own; `undefined` where none was presented that can be read. */
  readonly certificate: Certificate | undefined
  /** How it leads to a registered CA; `undefined` without a certificate. */
  readonly chain: ChainFinding | undefined
  readonly steps: readonly TrialStep[]
  /** Whose certificate it is; empty where it is not registered. */
  readonly devApps: readonly DevApp[]
  /** Of the APIs that ask for a certificate; empty where it is not told whose the certificate is. */
  readonly policies: readonly TriedPolicy[]
  /** What the certificate nearly is, where a registered issuer proves it. */
  readonly nearMisses: readonly NearMiss[]
}

export interface TrialStep {
  readonly name: string
  /** `not_reached`: an earlier step left nothing to look at, or nothing that the caller may know. */
  readonly outcome: 'pass' | 'fail' | 'not_reached'
  readonly denial: Deny | undefined
}

export interface TriedPolicy {
  readonly name: string
  readonly denial: Deny | undefined
  /** Whether it asks for HTTP Basic too, which is not tried. */
  readonly alsoBasic: boolean
}

/** What was found against the request, enforced or not. */
export function denialIn(decision: Decision): Deny | undefined {
  switch (decision.kind) {
    case 'allow':
      return undefined
    case 'deny':
      return decision
    case 'shadowed':
    case 'tried':
      return decision.denial
  }
}

type Values<Code extends DenyCode> = [ToldOf<Code>] extends [never]
  ? { readonly detail?: string }
  : { readonly detail?: string } & { readonly [Name in ToldOf<Code>]: string }

type Arguments<Code extends DenyCode> = [ToldOf<Code>] extends [never]
  ? [values?: Values<Code>]
  : [values: Values<Code>]

/** A refusal. `values` fills the code's sentence; `detail` says for the log what exactly was found. */
export function deny<Code extends DenyCode>(code: Code, ...[values]: Arguments<Code>): Deny {
  const named: Readonly<Record<string, string | undefined>> = values ?? {}
  const told = denials[code].told.replaceAll(/\{(\w+)\}/g, (_, name: string) => named[name] ?? '')
  return { kind: 'deny', code, told, detail: values?.detail }
}
