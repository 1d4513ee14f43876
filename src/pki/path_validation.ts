import type { Certificate } from '../domain/certificate.ts'
import { signatureOn } from './certificate.ts'
import { PolicyProcessing } from './certificate_policies.ts'
import { orUndefined } from './der.ts'
import { unknownCritical } from './extensions.ts'
import { type GeneralName, generalNameText } from './general_name.ts'
import { fitIssuer } from './key_identifiers.ts'
import { type Name, readName, textsOf } from './name.ts'
import { type NameConstraints, type NameProblem, problemOfNames } from './name_constraints.ts'
import { isSameName, preparedName } from './name_match.ts'
import { type PathExtensions, processedExtensions, readPathExtensions } from './path_extensions.ts'
import type { PathProblem, PathProblemCode } from './path_problem.ts'
import { weakAlgorithmOf } from './signature_algorithm.ts'
import { readX509, type X509Structure } from './x509.ts'

/** A certificate of the path with all that is read of it once. */
interface Link {
  readonly certificate: Certificate
  readonly index: number
  readonly structure: X509Structure
  readonly subject: Name
  /** `undefined` where one of them cannot be read. */
  readonly extensions: PathExtensions | undefined
  /** The subject is the issuer (RFC 5280 6.1); it says nothing of the signature. */
  readonly isSelfIssued: boolean
}

/**
 * Every way in which a certification path is not valid at a time, by RFC 5280 6.1; none for a valid one. The path begins with
 * the leaf, each certificate is issued by the next, and the last is the trust anchor, given as a certificate. Of the anchor the time
 * and what it says about the certificates below it count too (as Envoy has it, and RFC 5937), its own signature and policies do not.
 * A path of one certificate is its own anchor.
 *
 * Any policy is acceptable, and none required unless a CA requires it. Revocation, the purpose of the leaf and the strength of keys
 * are the caller's. Takes time in proportion to the path's bytes, and never throws.
 */
export function validatePath(path: readonly Certificate[], at: Date): readonly PathProblem[] {
  const links = path.map(linkOf)
  return [
    ...links.flatMap((link) => problemsOfOne(link, at)),
    ...links.slice(0, -1).flatMap((link, i) => problemsOfIssue(link, links[i + 1])),
    ...repetitions(path),
    ...links.slice(1).flatMap((link) => problemsOfAuthority(link)),
    ...problemsOfLength(links),
    ...problemsOfConstraints(links),
    ...problemsOfPolicies(links),
  ]
}

function linkOf(certificate: Certificate, index: number): Link {
  const structure = readX509(certificate.der)
  const isSelfIssued = isSameName(certificate.subjectDer, certificate.issuerDer)
  return {
    ...{ certificate, index, structure, isSelfIssued },
    subject: readName(structure.subject),
    extensions: orUndefined(() => readPathExtensions(structure.extensions)),
  }
}

const problem = (code: PathProblemCode, { index }: Link, detail: string): PathProblem => ({ code, index, detail })

/** RFC 5280 6.1.3 (a)(2), 6.1.4 (o) and 6.1.5 (f). */
function problemsOfOne(link: Link, at: Date): PathProblem[] {
  const { notBefore, notAfter } = link.certificate
  const critical = unknownCritical(link.structure.extensions, processedExtensions)
  return [
    ...(at < notBefore ? [problem('not_yet_valid', link, notBefore.toISOString())] : []),
    ...(at > notAfter ? [problem('expired', link, notAfter.toISOString())] : []),
    ...(critical === undefined ? [] : [problem('critical_extension', link, critical.oid)]),
    ...(link.extensions === undefined ? [problem('extension_malformed', link, malformedIn(link.structure))] : []),
  ]
}

function malformedIn({ extensions }: X509Structure): string {
  try {
    readPathExtensions(extensions)
    return ''
  } catch (cause) {
    return (cause as Error).message
  }
}

/** RFC 5280 6.1.3 (a)(1) and (4). */
function problemsOfIssue(link: Link, issuer: Link | undefined): PathProblem[] {
  if (issuer === undefined) return []
  const { certificate, structure } = link
  if (!isSameName(certificate.issuerDer, issuer.certificate.subjectDer))
    return [problem('issuer_mismatch', link, certificate.issuer)]
  const weak = weakAlgorithmOf(structure.signatureAlgorithm)
  switch (signatureOn(certificate, issuer.certificate)) {
    case 'invalid':
      return [problem('signature_invalid', link, issuer.certificate.subject)]
    case 'unsupported_algorithm':
      if (weak === undefined) return [problem('signature_unsupported', link, certificate.issuer)]
  }
  return [
    ...(weak === undefined ? [] : [problem('signature_weak', link, weak)]),
    ...(areMarked(link, issuer) ? [] : [problem('key_identifier_mismatch', link, certificate.issuer)]),
  ]
}

/** What cannot be read is a problem of its own. */
function areMarked({ extensions }: Link, issuer: Link): boolean {
  if (extensions === undefined || issuer.extensions === undefined) return true
  return fitIssuer(extensions.keyIdentifiers, issuer.extensions.keyIdentifiers, issuer.structure)
}

/** RFC 5280 6.1: none may appear twice. */
function repetitions(path: readonly Certificate[]): PathProblem[] {
  return path.flatMap(({ sha256 }, index) => {
    const first = path.findIndex((other) => other.sha256 === sha256)
    return first < index ? [{ code: 'certificate_repeated', index, detail: String(first) } as const] : []
  })
}

/** RFC 5280 6.1.4 (k) and (n); an anchor of version 1 or 2 has no extensions that could say it. */
function problemsOfAuthority(link: Link): PathProblem[] {
  const { structure, subject, extensions, isSelfIssued } = link
  const empty = subject.length === 0 ? [problem('subject_empty', link, '')] : []
  if (structure.version < 3) return isSelfIssued ? empty : [...empty, problem('version', link, `${structure.version}`)]
  if (extensions === undefined) return empty
  const { basicConstraints, keyUsage } = extensions
  return [
    ...empty,
    ...(basicConstraints?.ca === true ? [] : [problem('not_ca', link, '')]),
    ...(keyUsage === undefined || keyUsage.keyCertSign ? [] : [problem('key_cert_sign', link, '')]),
  ]
}

/** RFC 5280 6.1.4 (l) and (m), down from the anchor: certificates that a CA gave itself do not count. */
function problemsOfLength(links: readonly Link[]): PathProblem[] {
  let allowed = Number.POSITIVE_INFINITY
  return links
    .slice(1)
    .reverse()
    .flatMap((link, depth) => {
      const exceeded = depth > 0 && !link.isSelfIssued && allowed === 0
      if (depth > 0 && !link.isSelfIssued) allowed = Math.max(0, allowed - 1)
      allowed = Math.min(allowed, link.extensions?.basicConstraints?.pathLength ?? allowed)
      return exceeded ? [problem('path_length', link, '')] : []
    })
}

/** RFC 5280 6.1.3 (b) and (c), and 6.1.4 (g), down from the anchor. */
function problemsOfConstraints(links: readonly Link[]): PathProblem[] {
  const constraints: NameConstraints[] = []
  return [...links].reverse().flatMap((link, depth) => {
    const exempt = depth === 0 || (link.isSelfIssued && link.index > 0)
    const found = exempt || constraints.length === 0 ? undefined : problemOfNames(namesOf(link), constraints)
    if (link.extensions?.nameConstraints !== undefined) constraints.push(link.extensions.nameConstraints)
    return found === undefined ? [] : [problem(nameProblemCodes[found.reason], link, generalNameText(found.name))]
  })
}

const nameProblemCodes = {
  not_permitted: 'name_not_permitted',
  excluded: 'name_excluded',
  unprocessable: 'name_unprocessable',
} as const satisfies Record<NameProblem['reason'], PathProblemCode>

/** The subject, the mailboxes in it (4.2.1.10), and the alternative names. */
function namesOf({ subject, certificate, extensions }: Link): readonly GeneralName[] {
  const directory = { kind: 'directory', name: preparedName(subject), text: certificate.subject } as const
  const mailboxes = orUndefined(() => textsOf(subject, '1.2.840.113549.1.9.1', 'emailAddress')) ?? ['']
  return [
    ...(subject.length === 0 ? [] : [directory]),
    ...mailboxes.map((text): GeneralName => ({ kind: 'email', text })),
    ...(extensions?.subjectAltNames ?? []),
  ]
}

/** RFC 5280 6.1.3 (d) to (f), 6.1.4 (a), (b) and (h) to (j), 6.1.5: from below the anchor. The first problem is all of them. */
function problemsOfPolicies(links: readonly Link[]): PathProblem[] {
  const processing = new PolicyProcessing(links.length - 1)
  for (const link of links.slice(0, -1).reverse()) {
    if (link.extensions === undefined) return []
    const { policies } = link.extensions
    const valid = link.index === 0 ? processing.leaf(policies) : processing.authority(policies, link.isSelfIssued)
    if (!valid) return [problem('policy_missing', link, '')]
  }
  return []
}
