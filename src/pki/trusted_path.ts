import type { Certificate } from '../domain/certificate.ts'
import { isSignedBy } from './certificate.ts'
import type { PathProblem } from './path_problem.ts'
import { validatePath } from './path_validation.ts'

export interface PathSearch {
  readonly leaf: Certificate
  /** Any other certificates, in any order. */
  readonly sent: readonly Certificate[]
  /** The trust anchors with this subject (DER, hex). */
  readonly anchorsNamed: (subjectDer: string) => readonly Certificate[]
  readonly at: Date
}

export type PathFinding =
  /** The leaf first, the anchor last. */
  | { readonly status: 'valid'; readonly path: readonly Certificate[] }
  /** It leads to an anchor, and is not valid; `problem` is the first of the shortest such path. */
  | { readonly status: 'invalid'; readonly path: readonly Certificate[]; readonly problem: PathProblem }
  /** It leads to none; the longest path there is. */
  | { readonly status: 'open'; readonly path: readonly Certificate[] }

/** A longer path is none: Envoy's own limit is 100. */
const maxPathLength = 8
/** What a hostile set of certificates, each of which could have issued each, costs at most. */
const maxSignatures = 24
const maxPaths = 16

/**
 * A certification path from a leaf to a trust anchor (RFC 5280 6.1), over certificates that came with it; anchors stand at its end
 * only, and an intermediate CA may be one. The leaf's own dates do not count: whoever asks judges them. Never throws; ends after a
 * bounded number of signatures.
 */
export function trustedPath({ leaf, sent, anchorsNamed, at }: PathSearch): PathFinding {
  let signaturesLeft = maxSignatures
  let pathsLeft = maxPaths
  let invalid: PathFinding | undefined
  let longest: readonly Certificate[] = [leaf]

  const issued = (certificate: Certificate, issuer: Certificate): boolean =>
    signaturesLeft-- > 0 && isSignedBy(certificate, issuer)

  const search = (path: readonly Certificate[], last: Certificate): PathFinding | undefined => {
    if (path.length > longest.length) longest = path
    for (const anchor of anchorsNamed(last.issuerDer)) {
      if (pathsLeft <= 0 || !issued(last, anchor)) continue
      pathsLeft--
      const whole = [...path, anchor]
      const [problem] = validatePath(whole, at).filter((found) => !isOwnDate(found))
      if (problem === undefined) return { status: 'valid', path: whole }
      invalid ??= { status: 'invalid', path: whole, problem }
    }
    if (path.length >= maxPathLength) return undefined
    for (const issuer of sent) {
      if (path.includes(issuer) || !issued(last, issuer)) continue
      const found = search([...path, issuer], issuer)
      if (found !== undefined) return found
    }
    return undefined
  }
  return search([leaf], leaf) ?? invalid ?? { status: 'open', path: longest }
}

const isOwnDate = ({ index, code }: PathProblem): boolean =>
  index === 0 && (code === 'expired' || code === 'not_yet_valid')
