import type { Certificate } from '../domain/certificate.ts'
import { isSelfSigned, isSignedBy } from '../pki/certificate.ts'
import { preparedNameText } from '../pki/name_match.ts'
import { isAuthority } from '../pki/path_extensions.ts'
import type { PlacedCertificate } from './chain_file.ts'

/** The certificates of a file, put in order. */
export interface Arrangement {
  /**
   * From the leaf upwards, each issued by the next; another part begins above each gap, where an issuer is missing.
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
  if (issuers.inOrder(distinct))
    return { parts: [distinct], endsInRoot: issuers.isRoot(topOf(distinct)), repeated, extra: [] }
  const parts: [Part, ...Part[]] = [issuers.pathFrom(issuers.leafOf(distinct), isAccepted)]
  for (;;) {
    const top = topOf(parts.at(-1) ?? parts[0])
    const extra = distinct.filter((placed) => !parts.some((part) => part.includes(placed)))
    const authorities = extra.filter(({ certificate }) => isAuthority(certificate))
    if (issuers.isRoot(top) || !isPart(authorities)) return { parts, endsInRoot: issuers.isRoot(top), repeated, extra }
    // Above a gap: CAs that may well belong to the chain.
    parts.push(issuers.pathFrom(issuers.leafOf(authorities), isAccepted))
  }
}

/** The highest of a part. */
export const topOf = (part: Part): PlacedCertificate => part.at(-1) ?? part[0]

const isPart = (placed: readonly PlacedCertificate[]): placed is Part => placed.length > 0

/** Who issued whom, among the certificates of a file; found out once. */
class Issuers {
  readonly #subjects: ReadonlyMap<PlacedCertificate, string>
  readonly #issuers: ReadonlyMap<PlacedCertificate, readonly PlacedCertificate[]>
  readonly #roots: ReadonlySet<PlacedCertificate>

  constructor(file: readonly PlacedCertificate[]) {
    this.#subjects = new Map(file.map((placed) => [placed, preparedNameText(placed.certificate.subjectDer)]))
    const selfSigned = new Set(file.filter(({ certificate }) => isSelfSigned(certificate)))
    this.#issuers = new Map(file.map((placed) => [placed, selfSigned.has(placed) ? [] : this.#issuersOf(placed, file)]))
    this.#roots = new Set(file.filter((placed) => selfSigned.has(placed) || this.#isDamagedRoot(placed)))
  }

  /** Without those that a root may have besides itself. */
  of(placed: PlacedCertificate): readonly PlacedCertificate[] {
    return this.#issuers.get(placed) ?? []
  }

  isRoot(placed: PlacedCertificate): boolean {
    return this.#roots.has(placed)
  }

  #isNamedBy(issuer: PlacedCertificate, { certificate }: PlacedCertificate): boolean {
    return this.#subjects.get(issuer) === preparedNameText(certificate.issuerDer)
  }

  /** Those whose key verifies; where none does, those of the name, so that the signature is what is said to be wrong. */
  #issuersOf(placed: PlacedCertificate, file: readonly PlacedCertificate[]): readonly PlacedCertificate[] {
    const issuer = preparedNameText(placed.certificate.issuerDer)
    const named = file.filter((other) => other !== placed && this.#subjects.get(other) === issuer)
    const verified = named.filter((other) => isSignedBy(placed.certificate, other.certificate))
    return verified.length > 0 ? verified : named
  }

  /** Its own issuer by name, where no other certificate is. */
  #isDamagedRoot(placed: PlacedCertificate): boolean {
    return this.#isNamedBy(placed, placed) && this.of(placed).length === 0
  }

  inOrder(file: Part): boolean {
    return file.every((placed, i) => {
      const next = file[i + 1]
      if (next === undefined) return true
      return !this.isRoot(placed) && this.#isNamedBy(next, placed)
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
