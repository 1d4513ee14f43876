import { afterMs } from '../domain/retry_after.ts'
import { type PlacedCertificate, readChainFile } from '../intake/chain_file.ts'
import { chainLetter } from '../intake/chain_letter.ts'
import { type Arrangement, arrange, topOf } from '../intake/chain_order.ts'
import { documentOfFinding } from '../intake/chain_report.ts'
import { type ChainRules, checkChain } from '../intake/check_chain.ts'
import {
  type ChainReportDocument,
  chainReportDocument,
  chainRequest,
  maxFileBase64,
  publicChainRequest,
} from './chain_documents.ts'
import { type Operation, operation, Refusal } from './operation.ts'

export interface ChainParts {
  /** The rules of now, and whether they ask the issuer; to be closed once the chain was checked. */
  readonly rules: (askIssuer: boolean) => { readonly rules: ChainRules; close(): Promise<void> }
}

/** How many chains are checked at a time, each with a dozen signatures at most. */
const maxUnderWay = 4
const described = {
  ...{ method: 'POST' as const, path: '/api/v1/chain/check', id: 'checkChain', tag: 'Chain check' },
  // With the JSON around it.
  maxBodyBytes: maxFileBase64 + 1_024,
  document: chainReportDocument,
}

/** Judges the chain of a third party. Nothing of it is kept. */
export function chainOperations({ rules }: ChainParts): readonly Operation[] {
  return [
    operation({
      ...described,
      summary: 'Whether the chain in a file is accepted, what is wrong with it, and the cure.',
      body: chainRequest,
      answer: ({ body }) => checked(body.file, rules(body.askIssuer), body.askIssuer),
    }),
  ]
}

/** The same for everybody: asks nobody, and as often as `admit` says. */
export function publicChainOperations(
  { rules }: { readonly rules: () => ChainRules },
  admit: (source: string, forwardedFor: string | undefined) => number,
): readonly Operation[] {
  let underWay = 0
  return [
    operation({
      ...described,
      summary: 'Whether the chain in a file would be accepted, what is wrong with it, and the cure. Nothing is kept.',
      body: publicChainRequest,
      problems: [429],
      answer: async ({ body, source, headers }) => {
        const waitMs = underWay < maxUnderWay ? admit(source, headers['x-forwarded-for']?.toString()) : 1_000
        if (waitMs > 0) {
          const { retryAfter, retryAfterSeconds } = afterMs(waitMs)
          return new Refusal(429, `Too many files at once. Try again after ${retryAfter}.`, {
            'retry-after': String(retryAfterSeconds),
          })
        }
        underWay++
        try {
          return await checked(body.file, { rules: rules(), close: async () => {} }, false)
        } finally {
          underWay--
        }
      },
    }),
  ]
}

async function checked(
  file: string,
  { rules, close }: ReturnType<ChainParts['rules']>,
  issuerAsked: boolean,
): Promise<ChainReportDocument> {
  const bytes = Buffer.from(file, 'base64')
  try {
    const report = await checkChain(bytes, rules)
    const { certificates } = readChainFile(bytes)
    const arranged = arrange(certificates, (root) => rules.acceptedRoots.has(root))
    const right = arranged?.parts.flat().map(({ certificate }) => certificate.subject) ?? []
    return {
      ...{ at: rules.at.toISOString(), accepted: report.accepted, issuerAsked },
      ...{ problems: report.problems.map(documentOfFinding), warnings: report.warnings.map(documentOfFinding) },
      given: certificates.map((placed) => givenDocument(placed, arranged)),
      order: arranged === undefined ? [] : orderOf(arranged),
      rightOrder: report.rightOrder ?? null,
      letter: chainLetter(report, right),
    }
  } finally {
    await close()
  }
}

function givenDocument(
  placed: PlacedCertificate,
  arranged: Arrangement | undefined,
): ChainReportDocument['given'][number] {
  const { position, certificate } = placed
  const { subject, issuer, commonNames, serialNumber, sha256, notBefore, notAfter } = certificate
  return {
    ...{ position, role: roleOf(placed, arranged), subject, issuer, serialNumber, sha256 },
    commonName: commonNames.join(', ') || subject,
    ...{ notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() },
  }
}

function roleOf(
  placed: PlacedCertificate,
  arranged: Arrangement | undefined,
): ChainReportDocument['given'][number]['role'] {
  if (arranged === undefined || arranged.extra.includes(placed)) return 'extra'
  if (arranged.repeated.some((repeated) => repeated.placed === placed)) return 'repeated'
  const chain = arranged.parts.flat()
  if (chain[0] === placed) return 'leaf'
  return arranged.endsInRoot && chain.at(-1) === placed ? 'root' : 'intermediate'
}

/** The parts one above another, with what is missing between them and above the last. */
function orderOf({ parts, endsInRoot }: Arrangement): ChainReportDocument['order'] {
  return parts.flatMap((part, index) => {
    const isLast = index === parts.length - 1
    const gap = isLast && endsInRoot ? [] : [{ missing: topOf(part).certificate.issuer }]
    return [...part.map(({ position }) => ({ position })), ...gap]
  })
}
