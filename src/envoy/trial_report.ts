import { type Certificate, isQwac, purposeName } from '../domain/certificate.ts'
import type { ChainFinding } from '../domain/chain.ts'
import type { Deny, TrialStep, Tried, TriedPolicy } from '../domain/decision.ts'

export interface Reporting {
  readonly requestId: string
  /** Where APIs with a client certificate are served. */
  readonly apiHostname: string
  readonly wantsJson: boolean
}

/** What who tries a certificate reads: JSON where it is asked for, and else plain text. */
export function trialReport(
  tried: Tried,
  { requestId, apiHostname, wantsJson }: Reporting,
): { readonly contentType: string; readonly body: string } {
  return wantsJson
    ? {
        contentType: 'application/json',
        body: `${JSON.stringify(jsonOf(tried, requestId, apiHostname), undefined, 2)}\n`,
      }
    : { contentType: 'text/plain; charset=utf-8', body: textOf(tried, requestId, apiHostname) }
}

const codeAndWords = (denial: Deny | undefined) => ({ code: denial?.code ?? null, told: denial?.told ?? null })

function jsonOf(tried: Tried, request_id: string, hostname: string): unknown {
  const { at, denial, certificate, chain, steps, devApps, policies, nearMisses } = tried
  return {
    allowed: denial === undefined,
    ...codeAndWords(denial),
    certificate: certificate === undefined ? null : certificateJson(certificate),
    chain: chain ?? null,
    steps: steps.map(({ name, outcome, denial }) => ({ name, outcome, ...codeAndWords(denial) })),
    devapps: devApps.map(({ id, name, environment, status }) => ({ id, name, environment, status })),
    policies: policies.map(({ name, denial, alsoBasic }) => ({
      ...{ policy: name, hostname, allowed: denial === undefined, ...codeAndWords(denial) },
      also_asks_for: alsoBasic ? ['basic'] : [],
    })),
    near_misses: nearMisses.map(({ kind, message, cure }) => ({ kind, message, cure })),
    at: at.toISOString(),
    request_id,
  }
}

/** In the words of `devapp-authz cert show --json`. */
function certificateJson(certificate: Certificate) {
  const { subject, issuer, serialNumber, commonNames, notBefore, notAfter, sha256, qcStatements } = certificate
  const psd2 = qcStatements?.psd2
  return {
    ...{ subject, issuer, serialNumber, commonNames, notBefore, notAfter, sha256 },
    extendedKeyUsage: certificate.extendedKeyUsage ?? null,
    organizationIdentifier: certificate.organizationIdentifier ?? null,
    qwac: isQwac(certificate),
    psd2: psd2 === undefined ? null : { roles: psd2.roles, ncaName: psd2.ncaName, ncaId: psd2.ncaId },
    warnings: qcStatements?.warnings ?? [],
  }
}

const marks: Readonly<Record<TrialStep['outcome'], string>> = { pass: '✓', fail: '✗', not_reached: '-' }
const nameWidth = 24

function textOf(tried: Tried, requestId: string, hostname: string): string {
  const { at, denial, certificate, chain, steps, devApps, policies, nearMisses } = tried
  const verdict =
    denial === undefined ? ['This certificate is accepted.'] : ['This certificate is refused.', wordsOf(denial)]
  const paragraphs = [
    verdict,
    certificate === undefined ? [] : certificateLines(certificate, chain),
    steps.map(stepLine),
    policies.length === 0
      ? []
      : [`APIs on ${hostname}, for ${devApps.map(({ name }) => name).join(', ')}:`, ...policies.map(policyLine)],
    nearMisses.flatMap(({ message, cure }) => [`Nearly: ${message}.`, cure]),
    [`As of ${at.toISOString()}, request ${requestId}`],
  ]
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => `${plain(line)}\n`).join(''))
    .join('\n')
}

const wordsOf = ({ code, told }: Deny): string => `${code}: ${told}`

function certificateLines(certificate: Certificate, chain: ChainFinding | undefined): readonly string[] {
  const { subject, issuer, serialNumber, notBefore, notAfter, sha256, organizationIdentifier } = certificate
  const psd2 = certificate.qcStatements?.psd2
  const rows: readonly (readonly [label: string, value: string | undefined])[] = [
    ['subject', subject],
    ['issuer', issuer],
    ['serial number', serialNumber],
    ['valid', `${notBefore.toISOString()} to ${notAfter.toISOString()}`],
    ['sha256', sha256],
    ['purposes', certificate.extendedKeyUsage?.map(purposeName).join(', ') ?? 'every one (no extendedKeyUsage)'],
    ['organizationIdentifier', organizationIdentifier],
    ['QWAC', isQwac(certificate) ? 'yes' : 'no'],
    ['PSD2 roles', psd2?.roles.join(', ')],
    ['chain', chain?.status === 'trusted' ? chain.path.join(' < ') : chain?.reason],
  ]
  return rows.flatMap(([label, value]) => (value === undefined ? [] : [`${label.padEnd(nameWidth)}${value}`]))
}

function stepLine({ name, outcome, denial }: TrialStep): string {
  const words = outcome === 'not_reached' ? 'not reached' : denial && wordsOf(denial)
  return `${marks[outcome]} ${words === undefined ? name : `${name.padEnd(nameWidth)}${words}`}`
}

function policyLine({ name, denial, alsoBasic }: TriedPolicy): string {
  const words = denial === undefined ? `allowed${alsoBasic ? ', with HTTP Basic as well' : ''}` : wordsOf(denial)
  return `${marks[denial === undefined ? 'pass' : 'fail']} ${name.padEnd(nameWidth)}${words}`
}

/** On one line, and without what a terminal would obey. */
const plain = (line: string): string => line.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
