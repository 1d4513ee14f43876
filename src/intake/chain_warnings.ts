import { pathExtensionsOf } from '../pki/path_extensions.ts'
import { hasHostNameOnlyAsCommonName, placeOf } from './certificate_rules.ts'
import type { Part } from './chain_order.ts'
import { finding } from './chain_problems.ts'
import type { ChainFinding } from './chain_report.ts'

export interface Owner {
  readonly id: string
  readonly environment: 'production' | 'staging'
}

export interface Sharing {
  /** The DevApps that a leaf is attached to, by its SHA-256. */
  readonly ownersOf: (sha256: string) => readonly Owner[] | Promise<readonly Owner[]>
  /** The DevApp that the chain is to be attached to; absent where that is not known yet. */
  readonly attachTo?: Owner | undefined
}

const dayMs = 86_400_000
const soonDays = 60

/** What is worth knowing of the leaf, and of whom it serves. */
export async function warningsOf(
  part: Part,
  { at, sharing }: { readonly at: Date; readonly sharing?: Sharing },
): Promise<readonly ChainFinding[]> {
  return [...expiry(part, at), ...address(part), ...hostName(part), ...(sharing ? await shared(part, sharing) : [])]
}

function expiry([leaf]: Part, at: Date): ChainFinding[] {
  const { notAfter } = leaf.certificate
  const days = Math.floor((notAfter.getTime() - at.getTime()) / dayMs)
  if (at > notAfter || days >= soonDays) return []
  const values = { notAfter: notAfter.toISOString(), days: days === 1 ? '1 day' : `${days} days` }
  return [finding('expires_soon', placeOf(leaf), values)]
}

function address([leaf]: Part): ChainFinding[] {
  return leaf.certificate.ocspUrls.length > 0 ? [] : [finding('no_ocsp_address', placeOf(leaf), {})]
}

function hostName([leaf, ...issuers]: Part): ChainFinding[] {
  const constrained = issuers.some(({ certificate }) => pathExtensionsOf(certificate)?.nameConstraints !== undefined)
  const refused = constrained && hasHostNameOnlyAsCommonName(leaf.certificate)
  return refused ? [finding('host_name_without_san', placeOf(leaf), {})] : []
}

async function shared([leaf]: Part, { ownersOf, attachTo }: Sharing): Promise<ChainFinding[]> {
  const owners = await ownersOf(leaf.certificate.sha256)
  const others = owners.filter(({ id }) => id !== attachTo?.id)
  if (others.length === 0) return []
  const devApps = others.map(({ id, environment }) => `${id} (${environment})`).join(', ')
  const environments = new Set([...others, ...(attachTo ? [attachTo] : [])].map(({ environment }) => environment))
  return [
    finding('attached_elsewhere', placeOf(leaf), { devApps }),
    ...(environments.size > 1 ? [finding('shared_between_environments', placeOf(leaf), { devApps })] : []),
  ]
}
