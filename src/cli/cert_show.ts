import { parseArgs } from 'node:util'
import { type Certificate, isQwac, type Psd2Statement, purposeName } from '../domain/certificate.ts'
import { parseOrganizationIdentifier } from '../domain/organization_identifier.ts'
import { psd2RoleName } from '../pki/qc_statements.ts'
import { certificateFromFile, reasonOf } from './certificate_file.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Usage: devapp-authz cert show FILE [--json]

Shows what the gateway reads in a certificate: whom it names, what it is for, where its revocation is answered, and
its PSD2 roles. FILE is PEM (its first certificate is shown) or DER. Trust, dates and revocation are not checked.

  --json      one JSON object instead of the listing
  -h, --help  this text

Exit code: 0 shown, 1 FILE is not a readable certificate, 2 wrong usage.
`

/** `devapp-authz cert show`, given the arguments after `show`. Returns the exit code. */
export function certShow(argv: string[], io: Io): number {
  const command = commandOf(argv)
  if ('problem' in command) {
    io.stderr(`devapp-authz cert show: ${command.problem}\n\n${usage}`)
    return exitCode.usage
  }
  if ('help' in command) {
    io.stdout(usage)
    return exitCode.done
  }
  try {
    const certificate = certificateFromFile(command.file)
    io.stdout(command.json ? `${JSON.stringify(jsonOf(certificate), undefined, 2)}\n` : listingOf(certificate))
    return exitCode.done
  } catch (error) {
    io.stderr(`devapp-authz cert show: ${reasonOf(error)}\n`)
    return exitCode.refused
  }
}

type Command = { help: true } | { file: string; json: boolean } | { problem: string }

function commandOf(argv: string[]): Command {
  try {
    const options = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help) return { help: true }
    const [file, ...others] = positionals
    if (file === undefined) return { problem: 'which FILE?' }
    if (others.length > 0) return { problem: `one FILE at a time, not also ${others.join(' ')}` }
    return { file, json: values.json ?? false }
  } catch (error) {
    return { problem: reasonOf(error) }
  }
}

function jsonOf(certificate: Certificate): unknown {
  const { qcStatements } = certificate
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    commonNames: certificate.commonNames,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    sha256: certificate.sha256,
    extendedKeyUsage: certificate.extendedKeyUsage ?? null,
    ocspUrls: certificate.ocspUrls,
    crlUrls: certificate.crlUrls,
    organizationIdentifier: certificate.organizationIdentifier ?? null,
    organization: organizationOf(certificate),
    qwac: isQwac(certificate),
    qcCompliance: qcStatements?.qcCompliance ?? false,
    qcTypes: qcStatements?.qcTypes ?? [],
    psd2: qcStatements?.psd2 ? psd2Json(qcStatements.psd2) : null,
    warnings: qcStatements?.warnings ?? [],
  }
}

/** The organizationIdentifier by its parts; null where there is none, or one that is not made of them. */
function organizationOf({ organizationIdentifier = '' }: Certificate): unknown {
  const parsed = parseOrganizationIdentifier(organizationIdentifier)
  return parsed === undefined ? null : { ...parsed, authority: parsed.authority ?? null }
}

/** `roles` are all that the certificate claims; those that no policy grants anything for are named again. */
function psd2Json({ roles, unknownRoles, ncaName, ncaId }: Psd2Statement): unknown {
  const unknown = unknownRoles.map(psd2RoleName)
  return { roles: [...roles, ...unknown], unknownRoles: unknown, ncaName, ncaId }
}

const labelWidth = 17

function listingOf(certificate: Certificate): string {
  const statements = certificate.qcStatements
  const psd2 = statements?.psd2
  const rows: readonly [label: string, values: readonly string[]][] = [
    ['Subject', [certificate.subject]],
    ['Issuer', [certificate.issuer]],
    ['Common name', certificate.commonNames],
    ['Serial number', [certificate.serialNumber]],
    ['Valid', [`${secondsOf(certificate.notBefore)} to ${secondsOf(certificate.notAfter)}`]],
    ['SHA-256', [certificate.sha256]],
    ['Purposes', certificate.extendedKeyUsage?.map(purposeName) ?? ['every one (no extendedKeyUsage)']],
    ['OCSP', certificate.ocspUrls],
    ['CRL', certificate.crlUrls],
    ['Organization ID', organizationLines(certificate)],
    ['Qualified', [qualificationOf(certificate)]],
    [
      'PSD2 roles',
      [...(psd2?.roles ?? []), ...(psd2?.unknownRoles ?? []).map((oid) => `${psd2RoleName(oid)} (grants nothing)`)],
    ],
    ['NCA', psd2 ? [`${psd2.ncaName} (${psd2.ncaId})`] : []],
    ['Warnings', statements?.warnings ?? []],
  ]
  return rows.map(([label, values]) => `${label.padEnd(labelWidth)}${linesOf(values)}\n`).join('')
}

const linesOf = (values: readonly string[]): string =>
  values.length === 0 ? '-' : values.join(`\n${' '.repeat(labelWidth)}`)

function organizationLines({ organizationIdentifier }: Certificate): readonly string[] {
  if (organizationIdentifier === undefined) return []
  const parsed = parseOrganizationIdentifier(organizationIdentifier)
  if (parsed === undefined) return [organizationIdentifier, 'of no known form (ETSI EN 319 412-1 5.1.4)']
  const { scheme, country, authority, id } = parsed
  const where =
    authority === undefined ? `register ${scheme}, country ${country}` : `authorised by ${authority}, ${country}`
  return [organizationIdentifier, `${where}, as ${id}`]
}

const secondsOf = (time: Date): string => time.toISOString().replace('.000Z', 'Z')

function qualificationOf(certificate: Certificate): string {
  if (isQwac(certificate)) return 'yes, a QWAC'
  const { qcCompliance = false, qcTypes = [] } = certificate.qcStatements ?? {}
  const type = qcTypes.length === 0 ? 'no QcType' : `QcType ${qcTypes.join(' and ')}`
  if (qcCompliance) return `yes, with ${type}`
  return certificate.qcStatements === undefined ? 'no' : `no (${type} and no QcCompliance)`
}
