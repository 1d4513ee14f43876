import type { Certificate } from '../domain/certificate.ts'
import { isSelfSigned, isSignedBy } from '../pki/certificate.ts'
import { isSameName } from '../pki/name_match.ts'
import { isAuthority } from '../pki/path_extensions.ts'
import type { PlacedCertificate } from './chain_file.ts'

/** The certificates of a file, put in order. */
export interface Arrangement {
  /**
   * From the leaf upwards, each issued by the next; a second part begins above a gap, where an issuer is missing. Never empty, as no
   * part is.
   */
  readonly parts: readonly [Part, ...Part[]]
  /** Whether the last of all is a root. */
  readonly endsInRoot: boolean
  readonly repeated: readonly { readonly placed: PlacedCertificate; readonly first: PlacedCertificate }[]
  /** What has no place in the chain. */
  readonly extra: readonly PlacedCertificate[]
}

export type Part = readonly [PlacedCertificate, ...PlacedCertificate[]]

/**
 * Puts the certificates of a file in order: one that follows the names is kept as it is; of another, the leaf is the first
 * certificate that issued none of the others. `isAccepted` tells the roots to prefer where there are ways to several.
 */
export function arrange(
  file: readonly PlacedCertificate[],
  isAccepted: (root: Certificate) => boolean,
): Arrangement | undefined {
  const repeated = file.flatMap((placed) => {
    const first = file.find(({ certificate }) => certificate.sha256 === placed.certificate.sha256)
    return first === undefined || first === placed ? [] : [{ placed, first }]
  })
  const distinct = file.filter((placed) => !repeated.some((each) => each.placed === placed))
  if (!isPart(distinct)) return undefined
  const issuers = new Issuers(distinct)
  if (issuers.inOrder(distinct)) {
    const endsInRoot = issuers.isRoot(distinct.at(-1) as PlacedCertificate)
    return { parts: [distinct], endsInRoot, repeated, extra: [] }
  }
  const lowest = issuers.pathFrom(issuers.leafOf(distinct), isAccepted)
  const others = distinct.filter((placed) => !lowest.includes(placed))
  const authorities = others.filter(({ certificate }) => isAuthority(certificate))
  if (issuers.isRoot(lowest.at(-1) as PlacedCertificate) || !isPart(authorities))
    return { parts: [lowest], endsInRoot: issuers.isRoot(lowest.at(-1) as PlacedCertificate), repeated, extra: others }
  // Above the gap: CAs that may well belong to the chain.
  const above = issuers.pathFrom(issuers.leafOf(authorities), isAccepted)
  return {
    parts: [lowest, above],
    endsInRoot: issuers.isRoot(above.at(-1) as PlacedCertificate),
    repeated,
    extra: others.filter((placed) => !above.includes(placed)),
  }
}

const isPart = (placed: readonly PlacedCertificate[]): placed is Part => placed.length > 0

/** Who issued whom, among the certificates of a file. */
class Issuers {
  readonly #issuers: ReadonlyMap<PlacedCertificate, readonly PlacedCertificate[]>

  constructor(file: readonly PlacedCertificate[]) {
    this.#issuers = new Map(file.map((placed) => [placed, issuersAmong(file, placed)]))
  }

  of(placed: PlacedCertificate): readonly PlacedCertificate[] {
    return this.#issuers.get(placed) ?? []
  }

  /** Its own issuer, where no other certificate is; one whose signature does not hold is a root that was damaged. */
  isRoot(placed: PlacedCertificate): boolean {
    const { certificate } = placed
    if (isSelfSigned(certificate)) return true
    return isSameName(certificate.subjectDer, certificate.issuerDer) && this.of(placed).length === 0
  }

  inOrder(file: Part): boolean {
    return file.every((placed, i) => {
      const next = file[i + 1]
      if (next === undefined) return true
      return !this.isRoot(placed) && isSameName(placed.certificate.issuerDer, next.certificate.subjectDer)
    })
  }

  /** The first that issued none, rather an end entity's than a CA's. */
  leafOf(file: Part): PlacedCertificate {
    const lowest = file.filter((placed) => !file.some((other) => this.of(other).includes(placed)))
    const issued = lowest.filter((placed) => !this.isRoot(placed))
    return issued.find(({ certificate }) => !isAuthority(certificate)) ?? issued[0] ?? lowest[0] ?? file[0]
  }

  /** The shortest way up to an accepted root, or else to a root, or else as far up as it goes. */
  pathFrom(leaf: PlacedCertificate, isAccepted: (root: Certificate) => boolean): Part {
    const below = new Map<PlacedCertificate, PlacedCertificate | undefined>([[leaf, undefined]])
    // A map is walked in the order of insertion, also over what is inserted meanwhile: breadth first.
    for (const placed of below.keys()) {
      if (this.isRoot(placed)) continue
      for (const issuer of this.of(placed)) if (!below.has(issuer)) below.set(issuer, placed)
    }
    const reached = [...below.keys()]
    const roots = reached.filter((placed) => this.isRoot(placed))
    const end = roots.find(({ certificate }) => isAccepted(certificate)) ?? roots[0] ?? reached.at(-1) ?? leaf
    const path: [PlacedCertificate, ...PlacedCertificate[]] = [end]
    for (let next = below.get(end); next !== undefined; next = below.get(next)) path.unshift(next)
    return path
  }
}

/** Those whose key verifies; where none does, those of the name, so that the signature is what is said to be wrong. */
function issuersAmong(file: readonly PlacedCertificate[], { certificate }: PlacedCertificate): PlacedCertificate[] {
  const named = file.filter(
    (other) => other.certificate !== certificate && isSameName(certificate.issuerDer, other.certificate.subjectDer),
  )
  const verified = named.filter((other) => isSignedBy(certificate, other.certificate))
  return verified.length > 0 || isSelfSigned(certificate) ? verified : named
}
