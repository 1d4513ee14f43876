import type { Certificate, Psd2Role } from './certificate.ts'
import type { DenyCode, ToldOf } from './denials.ts'
import { denials } from './denials.ts'
import type { DevApp } from './devapp.ts'

export type Decision = Allow | Deny | Shadowed

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
}

/** A refusal that shadow mode does not enforce: the request passes, and the upstream is told of nobody. */
export interface Shadowed {
  readonly kind: 'shadowed'
  readonly denial: Deny
}

/** What was found against the request, enforced or not. */
export function denialIn(decision: Decision): Deny | undefined {
  switch (decision.kind) {
    case 'allow':
      return undefined
    case 'deny':
      return decision
    case 'shadowed':
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
