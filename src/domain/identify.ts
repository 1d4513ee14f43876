import type { Certificate } from './certificate.ts'
import type { DevApp, RegisteredCertificate } from './devapp.ts'
import type { Policy } from './policy.ts'
import type { AuthRequest } from './request.ts'

/** Who the caller says it is, looked up and not yet proven. */
export interface Identity {
  readonly binding: Binding
  readonly selection: Selection
}

/**
 * How the presented leaf relates to the registered ones. Only `registered` is the very same certificate. A likely renewal has
 * the common name of a registered one and was signed by its issuer, under another serial number.
 */
export type Binding =
  | { readonly status: 'not_presented' }
  | { readonly status: 'unregistered'; readonly likelyRenewalOf?: Registered }
  | (Registered & { readonly status: 'registered' })
  | { readonly status: 'other_issuer' | 'differs'; readonly registered: Certificate }

export interface Registered {
  readonly certificate: RegisteredCertificate
  readonly owners: readonly DevApp[]
}

/** Which DevApp the request is judged for. */
export type Selection =
  | { readonly status: 'selected'; readonly devApp: DevApp }
  | { readonly status: 'none' | 'ambiguous' | 'mismatch' }

/** The lookups that `identify` needs, answered from memory. */
export interface RegisteredDevApps {
  bindingOf(leaf: Certificate): Binding
  byClientKey(clientKey: string): DevApp | undefined
}

/**
 * Finds the DevApp by the credentials that the policy requires. Pure lookups in memory: an unregistered certificate
 * ends here, so that it can never make the service call anyone.
 */
export function identify(request: AuthRequest, policy: Policy, devApps: RegisteredDevApps): Identity {
  const { certificate } = request
  const binding: Binding =
    policy.require.has('certificate') && certificate.status === 'presented'
      ? devApps.bindingOf(certificate.certificate)
      : { status: 'not_presented' }
  return { binding, selection: select(request, policy, binding, devApps) }
}

function select(request: AuthRequest, policy: Policy, binding: Binding, devApps: RegisteredDevApps): Selection {
  const basicKey = request.basic.status === 'presented' ? request.basic.clientKey : undefined
  const owners = ownersOf(policy, binding, basicKey, devApps)
  if (owners.length === 0) return { status: 'none' }

  const keys = [policy.require.has('basic') ? basicKey : undefined, request.clientKey].filter(
    (key) => key !== undefined,
  )
  // Where Basic proves nothing here it may be meant for the upstream: it only helps to choose when nothing else does.
  if (keys.length === 0 && owners.length > 1 && basicKey !== undefined) keys.push(basicKey)

  const named = owners.filter((owner) => keys.every((key) => key === owner.clientKey))
  const [devApp, ...others] = named
  if (devApp === undefined) return { status: 'mismatch' }
  return others.length > 0 ? { status: 'ambiguous' } : { status: 'selected', devApp }
}

function ownersOf(
  policy: Policy,
  binding: Binding,
  basicKey: string | undefined,
  devApps: RegisteredDevApps,
): readonly DevApp[] {
  if (policy.require.has('certificate')) return binding.status === 'registered' ? binding.owners : []
  if (!policy.require.has('basic') || basicKey === undefined) return []
  const devApp = devApps.byClientKey(basicKey)
  return devApp === undefined ? [] : [devApp]
}
