import { type Psd2Role, type Psd2Statement, psd2Roles, type QcStatements, type QcType } from '../domain/certificate.ts'
import { parseOrganizationIdentifier } from '../domain/organization_identifier.ts'
import { type Der, DerError, expectTag, readDer, tag } from './der.ts'
import { oidOf } from './der_values.ts'

/** ETSI EN 319 412-5 4.2.1, 4.2.3 and 4.2.4, ETSI TS 119 495 5.1. */
const statementId = {
  qcCompliance: '0.4.0.1862.1.1',
  qcType: '0.4.0.1862.1.6',
  qcLegislation: '0.4.0.1862.1.7',
  psd2: '0.4.0.19495.2',
} as const

const qcTypeByOid: ReadonlyMap<string, QcType> = new Map([
  ['0.4.0.1862.1.6.1', 'esign'],
  ['0.4.0.1862.1.6.2', 'eseal'],
  ['0.4.0.1862.1.6.3', 'web'],
])

const roleByOid: ReadonlyMap<string, Psd2Role> = new Map(
  psd2Roles.map((role, index) => [`0.4.0.19495.1.${index + 1}`, role]),
)

const roleUnspecified = '0.4.0.19495.1.0'

/** Real certificates hold four roles at most; the rest of the cap is for later editions. */
const maxRoles = 32

interface Statement {
  readonly id: string
  /** What follows the identifier; a well-formed statement has one element or none. */
  readonly info: readonly Der[]
}

/**
 * What the extension qcStatements (RFC 3739 3.2.6) says. Never throws: what cannot be read grants nothing, and what is read
 * in spite of its form is told in `warnings`. Roles are decided by OID; their names are decoration.
 *
 * `organizationIdentifier` is the subject's, which repeats the NCA's identifier (ETSI TS 119 495 5.2.1).
 */
export function qcStatementsFromDer(extnValue: Uint8Array, organizationIdentifier: string | undefined): QcStatements {
  const warnings: string[] = []
  const statements = readOr(`The extension qcStatements cannot be read`, warnings, () =>
    statementsIn(extnValue, warnings),
  )
  if (statements === undefined) return { qcCompliance: false, qcTypes: [], psd2: undefined, warnings }

  const having = (id: string): Statement[] => statements.filter((statement) => statement.id === id)
  const qcCompliance = having(statementId.qcCompliance).length > 0
  const qcTypes = having(statementId.qcType).flatMap((statement) => qcTypesOf(statement, warnings))
  const psd2 = psd2Of(having(statementId.psd2), warnings)

  if (qcTypes.length > 1)
    warnings.push(`There are ${qcTypes.length} QcTypes (${qcTypes.join(', ')}); EN 319 412-5 allows one.`)
  if (!qcCompliance && (qcTypes.length > 0 || psd2 !== undefined))
    warnings.push('There is no QcCompliance statement: the certificate is not a qualified one (a UK OBWAC has none).')
  if (qcCompliance && having(statementId.qcLegislation).length > 0)
    warnings.push(
      'A QcCClegislation statement is present: the certificate is qualified by the law of another country than the EU.',
    )
  if (psd2 !== undefined) warnings.push(...ncaWarnings(psd2.ncaId, organizationIdentifier))
  return { qcCompliance, qcTypes: [...new Set(qcTypes)], psd2, warnings }
}

/** `undefined`, and a warning, where `read` meets what is not the DER that it expects. */
function readOr<T>(what: string, warnings: string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause
    warnings.push(`${what} and grants nothing: ${cause.message}.`)
    return undefined
  }
}

function statementsIn(extnValue: Uint8Array, warnings: string[]): Statement[] {
  const outer = expectTag(readDer(extnValue), tag.sequence, 'QCStatements')
  if (outer.children[0]?.tag !== tag.oid) return outer.children.map(readStatement)
  warnings.push('The QCStatement is bare, without the SEQUENCE of statements around it.')
  return [readStatement(outer)]
}

function readStatement(element: Der): Statement {
  const [id, ...info] = expectTag(element, tag.sequence, 'QCStatement').children
  return { id: oidOf(id), info }
}

function qcTypesOf({ info }: Statement, warnings: string[]): QcType[] {
  const oids = readOr('The QcType statement cannot be read', warnings, () =>
    expectTag(info[0], tag.sequence, 'QcType').children.map(oidOf),
  )
  return (oids ?? []).flatMap((oid) => {
    const type = qcTypeByOid.get(oid)
    if (type === undefined) warnings.push(`The QcType ${oid} is not known.`)
    return type ?? []
  })
}

function psd2Of(statements: readonly Statement[], warnings: string[]): Psd2Statement | undefined {
  const [statement, ...others] = statements
  if (statement === undefined) return undefined
  if (others.length > 0) {
    warnings.push(
      `There are ${statements.length} PSD2 statements: which one holds is not clear, and none grants anything.`,
    )
    return undefined
  }
  return readOr('The PSD2 statement cannot be read', warnings, () => readPsd2(statement, warnings))
}

/** PSD2QcType ::= SEQUENCE { rolesOfPSP RolesOfPSP, nCAName NCAName, nCAId NCAId } (ETSI TS 119 495 annex A). */
function readPsd2({ info }: Statement, warnings: string[]): Psd2Statement {
  const isBare = textTags.has(info.at(-1)?.tag ?? 0)
  if (isBare) warnings.push('The PSD2 statement is bare, without the SEQUENCE around its roles and its NCA.')
  const fields = isBare ? info : expectTag(info[0], tag.sequence, 'PSD2QcType').children
  const ncaName = textOf(fields.at(-2), 'nCAName')
  const ncaId = textOf(fields.at(-1), 'nCAId')
  const rolesOfPsp = fields.slice(0, -2)
  const named = rolesIn(rolesOfPsp)
  if (named.length === 0) warnings.push('The PSD2 statement has no roles: it grants nothing.')
  else if (!areRolesWellFormed(rolesOfPsp))
    warnings.push('The roles are flattened: they are not a SEQUENCE of SEQUENCEs of an OID and a name.')
  for (const { oid, name } of named) {
    const role = roleByOid.get(oid)
    const namedAs = name === undefined ? '' : `, named ${quoted(name)},`
    if (role === undefined) warnings.push(`The role ${oid}${namedAs} is not known and grants nothing.`)
    else if (name !== undefined && name !== role)
      warnings.push(`The role ${oid} is ${role}, although it is named ${quoted(name)}: the OID decides.`)
  }
  const oids = [...new Set(named.map(({ oid }) => oid))]
  return {
    roles: oids.flatMap((oid) => roleByOid.get(oid) ?? []),
    unknownRoles: oids.filter((oid) => !roleByOid.has(oid)),
    ncaName,
    ncaId,
  }
}

/** RolesOfPSP ::= SEQUENCE OF RoleOfPSP; RoleOfPSP ::= SEQUENCE { roleOfPspOid, roleOfPspName }. */
function areRolesWellFormed([rolesOfPsp, ...others]: readonly Der[]): boolean {
  return (
    others.length === 0 &&
    rolesOfPsp?.tag === tag.sequence &&
    rolesOfPsp.children.every(
      ({ tag: identifier, children }) =>
        identifier === tag.sequence &&
        children.length === 2 &&
        children[0]?.tag === tag.oid &&
        children[1]?.tag !== tag.oid,
    )
  )
}

/** Every OID begins a role, and the text after it names it, however they are nested. Throws DerError on other types. */
function rolesIn(elements: readonly Der[]): { oid: string; name: string | undefined }[] {
  const roles: { oid: string; name: string | undefined }[] = []
  const visit = (element: Der): void => {
    const latest = roles.at(-1)
    if (element.tag === tag.sequence) element.children.forEach(visit)
    else if (element.tag === tag.oid) roles.push({ oid: oidOf(element), name: undefined })
    else if (latest === undefined || latest.name !== undefined) throw new DerError('a role has a name and no OID')
    else latest.name = textOf(element, 'roleOfPspName')
  }
  elements.forEach(visit)
  if (roles.length > maxRoles) throw new DerError(`more than ${maxRoles} roles`)
  return roles
}

/** A UTF8String, or one of the ASCII types that were seen in its place. Control characters have no business in headers and logs. */
function textOf(element: Der | undefined, what: string): string {
  if (element === undefined || !textTags.has(element.tag)) throw new DerError(`${what}: expected a UTF8String`)
  try {
    const text = utf8.decode(element.contents)
    if (!/\p{Cc}/u.test(text)) return text
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
  }
  throw new DerError(`${what}: not UTF-8 text without control characters`)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const textTags: ReadonlySet<number> = new Set([tag.utf8String, tag.printableString, tag.ia5String])

/** ETSI TS 119 495 5.2.3: the country, a hyphen, and the NCA's letters; the organizationIdentifier has the same. */
function ncaWarnings(ncaId: string, organizationIdentifier: string | undefined): string[] {
  const warnings: string[] = []
  const isWhole = /^[A-Z]{2}-[A-Z]{2,8}$/.test(ncaId)
  if (!isWhole)
    warnings.push(
      `The NCA identifier ${quoted(ncaId)} is not a country, a hyphen and an authority, such as "FI-FINFSA".`,
    )
  const { country, authority } = parseOrganizationIdentifier(organizationIdentifier ?? '') ?? {}
  const same = authority !== undefined && (ncaId === `${country}-${authority}` || (!isWhole && ncaId === authority))
  const other = organizationIdentifier === undefined ? 'which is absent' : quoted(organizationIdentifier)
  if (!same)
    warnings.push(`The NCA identifier ${quoted(ncaId)} is not the one in the organizationIdentifier, ${other}.`)
  return warnings
}

/** For warnings: a name can be as long as a certificate. */
function quoted(text: string): string {
  return `"${text.length > 64 ? `${text.slice(0, 64)}…` : text}"`
}

/** The name of a role, where TS 119 495 gives its OID one that is known here; otherwise the OID. */
export function psd2RoleName(oid: string): string {
  return oid === roleUnspecified ? 'PSP_UNSPECIFIED' : (roleByOid.get(oid) ?? oid)
}
