import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { RevocationStatus } from '../domain/evidence.ts'
import { pemOf, signatureOn } from '../pki/certificate.ts'
import type { AcceptedRoots } from './accepted_roots.ts'
import { placeOf, problemsOfIssuer, problemsOfLeaf } from './certificate_rules.ts'
import { type PlacedCertificate, readChainFile } from './chain_file.ts'
import { type Arrangement, arrange, topOf } from './chain_order.ts'
import { finding } from './chain_problems.ts'
import type { ChainFinding, ChainReport } from './chain_report.ts'
import { type Owner, type Sharing, warningsOf } from './chain_warnings.ts'
import { problemsOfPath } from './path_findings.ts'
import { hasOrganization, isRefused, type RefusedIssuer } from './refused_issuers.ts'
import { findingsOfRevocation } from './revocation_findings.ts'

export type { Owner }

export interface ChainRules {
  readonly at: Date
  readonly acceptedRoots: AcceptedRoots
  readonly refusedIssuers: readonly RefusedIssuer[]
  /**
   * Whether the certificate is revoked; absent where that is not to be asked. Called at most once, and only for a chain in which
   * nothing else is wrong, under an accepted root: a stranger's file makes nobody call anyone.
   */
  readonly statusOf?: (registered: RegisteredCertificate, at: Date) => RevocationStatus | Promise<RevocationStatus>
  /** The DevApps that the leaf is attached to already, by its SHA-256, and the one that it is to be attached to. */
  readonly sharing?: Sharing
}

/**
 * Judges a file with a chain that a third party hands in: everything that is wrong with it at once, each with its code, place and
 * cure, and what is worth knowing of a good one. Never rejects on what stands in the file, whatever that is; where `statusOf` or
 * `sharing` rejects, this does.
 */
export async function checkChain(bytes: Uint8Array, rules: ChainRules): Promise<ChainReport> {
  const file = readChainFile(bytes)
  // Where a certificate is missing that stands there, nothing can be said of how the others hang together.
  if (file.damaged)
    return refused([...file.problems, ...file.certificates.flatMap((placed) => problemsOfPath([placed], rules.at))], [])
  const arranged = arrange(file.certificates, (root) => rules.acceptedRoots.has(root))
  if (arranged === undefined) return refused(file.problems, [])
  const chain = arranged.parts.flat()
  const problems = [
    ...file.problems,
    ...problemsOfOrder(arranged, file.certificates),
    ...problemsOfCompleteness(arranged, rules.acceptedRoots),
    ...problemsOfIssuers(arranged, rules.refusedIssuers),
    ...chain.flatMap((placed, i) =>
      i === 0 ? problemsOfLeaf(placed) : problemsOfIssuer(placed, arranged.endsInRoot && i === chain.length - 1),
    ),
    ...arranged.parts.flatMap((part) => problemsOfPath(part, rules.at)),
    ...problemsOfRootSignature(arranged),
  ]
  const warnings = await warningsOf(arranged.parts[0], rules)
  const registered = registeredFrom(chain)
  const isWhole = arranged.endsInRoot && arranged.parts.length === 1
  const rightOrder = isWhole ? chain.map(({ certificate }) => pemOf(certificate)).join('') : undefined
  if (problems.length > 0 || registered === undefined) return { ...refused(problems, warnings), rightOrder }

  const revocation = rules.statusOf && findingsOfRevocation(await rules.statusOf(registered, rules.at), chain)
  const revoked = revocation?.problems ?? []
  const accepted = revoked.length === 0
  return {
    accepted,
    problems: revoked,
    warnings: [...warnings, ...(revocation?.warnings ?? [])],
    rightOrder,
    registered: accepted ? registered : undefined,
  }
}

const refused = (problems: readonly ChainFinding[], warnings: readonly ChainFinding[]): ChainReport => ({
  ...{ accepted: false, problems: byPosition(problems), warnings },
  ...{ rightOrder: undefined, registered: undefined },
})

/** Of the file first, then as the certificates stand in it. */
function byPosition(problems: readonly ChainFinding[]): readonly ChainFinding[] {
  return [...problems].sort((a, b) => (a.position ?? 0) - (b.position ?? 0))
}

function registeredFrom(chain: readonly PlacedCertificate[]): RegisteredCertificate | undefined {
  const [leaf, issuer, ...above] = chain.map(({ certificate }) => certificate)
  return leaf && issuer && { leaf, chain: [issuer, ...above] }
}

function problemsOfOrder({ parts, repeated, extra }: Arrangement, file: readonly PlacedCertificate[]): ChainFinding[] {
  const right = parts.flat().map(({ position }) => position)
  const inOrder = right.every((position, i) => i === 0 || position > (right[i - 1] ?? 0))
  const isReversed = right.length === file.length && right.every((position, i) => position === right.length - i)
  const order = { order: right.join(', ') }
  return [
    ...(inOrder ? [] : [finding(isReversed ? 'order_reversed' : 'order_wrong', undefined, order)]),
    ...repeated.map(({ placed, first }) =>
      finding('certificate_repeated', placeOf(placed), { first: String(first.position) }),
    ),
    ...extra.map((placed) => finding('certificate_extra', placeOf(placed), {})),
  ]
}

function problemsOfCompleteness({ parts, endsInRoot }: Arrangement, accepted: AcceptedRoots): ChainFinding[] {
  const chain = parts.flat()
  const top = topOf(parts.at(-1) ?? parts[0])
  const gaps = parts.slice(0, -1).map((part) => {
    const below = topOf(part)
    return finding('missing_intermediate', placeOf(below), { issuer: below.certificate.issuer })
  })
  if (!endsInRoot) {
    const { issuer } = top.certificate
    // An issuer that is not known either is a root more likely the higher it stands.
    const isRoot = chain.length > 1 || accepted.issuerOf(top.certificate) !== undefined
    return [...gaps, finding(isRoot ? 'missing_root' : 'missing_intermediate', placeOf(top), { issuer })]
  }
  if (chain.length === 1) return [finding('self_signed_leaf', placeOf(top), {})]
  return accepted.has(top.certificate) ? gaps : [...gaps, finding('root_not_accepted', placeOf(top), {})]
}

/** The lowest of the refused, which is the one that the third party knows; in a chain that ends early also the one that is missing. */
function problemsOfIssuers({ parts }: Arrangement, refusedIssuers: readonly RefusedIssuer[]): ChainFinding[] {
  const [leaf, ...issuers] = parts.flat()
  const found = issuers.find(({ certificate }) => isRefused(certificate, refusedIssuers))
  const named = leaf !== undefined && hasOrganization(leaf.certificate.issuerDer, refusedIssuers) ? leaf : undefined
  const place = found ?? named
  return place === undefined ? [] : [finding('issuer_refused', placeOf(place), {})]
}

/** A root is trusted as it is given; one that was changed is not the one that it says it is. */
function problemsOfRootSignature({ parts, endsInRoot }: Arrangement): ChainFinding[] {
  const root = parts.flat().at(-1)
  if (!endsInRoot || root === undefined || signatureOn(root.certificate, root.certificate) !== 'invalid') return []
  return [finding('signature_invalid', placeOf(root), { issuer: root.certificate.subject })]
}
