import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificateFromDer } from '../pki/certificate.ts'
import { finding } from './chain_problems.ts'
import type { ChainFinding } from './chain_report.ts'
import { derKind, type FileKind, foreignKind, textKind } from './file_kind.ts'

/** What a third party handed in, as far as it could be read. */
export interface ChainFile {
  /** In the order of the file. */
  readonly certificates: readonly PlacedCertificate[]
  readonly problems: readonly ChainFinding[]
  /** Whether the file has CERTIFICATE blocks that are not among the certificates. */
  readonly damaged: boolean
}

export interface PlacedCertificate {
  /** Among the certificates of the file, from 1. */
  readonly position: number
  readonly certificate: Certificate
}

/** Of a larger file so many and one more are enough to tell. */
export const maxChainFileBytes = 65_536
const maxCertificates = 10

/**
 * Reads CERTIFICATE blocks (RFC 7468) with any text between them, in whatever line ends, with or without a byte order mark. Other
 * formats and blocks are recognised and named. What is found of a private key ends up nowhere. Never throws.
 */
export function readChainFile(bytes: Uint8Array): ChainFile {
  // Nothing is looked for in larger ones, a key neither: they may have any size.
  if (bytes.length > maxChainFileBytes) return rejected(finding('file_too_large', undefined, { limit: '64 KiB' }))
  const text = textOf(bytes)
  const { blocks, problems } = blocksIn(text)
  const keys = hasPrivateKey(bytes, text, blocks) ? [finding('private_key', undefined, {})] : []
  const certificates = blocks.filter(({ label }) => label === 'CERTIFICATE')
  if (certificates.length > maxCertificates) {
    const counts = { count: String(certificates.length), limit: String(maxCertificates) }
    return rejected(...keys, finding('too_many_certificates', undefined, counts))
  }
  if (blocks.length === 0 && problems.length === 0)
    return rejected(...keys, ...(keys.length > 0 ? [] : [problemOfKind(derKind(bytes) ?? foreignKind(bytes))]))
  const others = blocks.filter(({ label }) => label !== 'CERTIFICATE' && !isKeyLabel(label)).map(problemOfBlock)
  const read = certificates.filter(({ der }) => derKind(der) !== 'private_key').map(readBlock)
  return {
    certificates: read.flatMap((each) => ('certificate' in each ? [each] : [])),
    problems: [...keys, ...problems, ...others, ...read.flatMap((each) => ('code' in each ? [each] : []))],
    damaged: problems.length > 0 || read.some((each) => 'code' in each),
  }
}

const rejected = (...problems: ChainFinding[]): ChainFile => ({ certificates: [], problems, damaged: true })

/** Windows writes UTF-16 under the name of Unicode. Bytes that are no UTF-8 can stand in comments only. */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return Buffer.from(bytes).toString('latin1')
}

interface Block {
  readonly label: string
  readonly der: Uint8Array
}

/** Every BEGIN is a block, or a problem. Labels are printable and short, so that they can be repeated. */
function blocksIn(text: string): { readonly blocks: readonly Block[]; readonly problems: readonly ChainFinding[] } {
  const blocks: Block[] = []
  const problems: ChainFinding[] = []
  const damaged = (reason: string): void => void problems.push(finding('block_damaged', undefined, { reason }))
  const armours = [...text.matchAll(/-----(BEGIN|END) ([A-Za-z0-9 #.-]{1,64}?)-----/g)]
  armours.forEach((armour, i) => {
    const [line, word, label = ''] = armour
    const next = armours[i + 1]
    if (word === 'END') {
      if (armours[i - 1]?.[1] !== 'BEGIN') damaged(`END ${label} without its BEGIN`)
    } else if (next === undefined || next[1] === 'BEGIN') damaged(`BEGIN ${label} without its END`)
    else if (next[2] !== label) damaged(`BEGIN ${label} is followed by END ${next[2]}`)
    else {
      const der = derFrom(text.slice(armour.index + line.length, next.index))
      if (der !== undefined || label !== 'CERTIFICATE') blocks.push({ label, der: der ?? new Uint8Array() })
      else damaged('what stands between BEGIN and END is not base64')
    }
  })
  return { blocks, problems }
}

/** RFC 7468 3: base64 with white space. Buffer skips what is not base64, so the way back tells. */
function derFrom(base64: string): Uint8Array | undefined {
  const text = base64.replace(/\s+/g, '')
  const der = Buffer.from(text, 'base64')
  return der.toString('base64') === text ? der : undefined
}

const isKeyLabel = (label: string): boolean => /PRIVATE KEY/i.test(label)

function hasPrivateKey(bytes: Uint8Array, text: string, blocks: readonly Block[]): boolean {
  return (
    textKind(text) === 'private_key' ||
    derKind(bytes) === 'private_key' ||
    blocks.some(({ der }) => derKind(der) === 'private_key')
  )
}

function problemOfKind(kind: FileKind | undefined): ChainFinding {
  switch (kind) {
    case 'certificate':
      return finding('is_der', undefined, {})
    case 'pkcs7':
      return finding('is_pkcs7', undefined, {})
    case 'pkcs12':
      return finding('is_pkcs12', undefined, {})
    case 'csr':
      return finding('is_csr', undefined, {})
    default:
      return finding('not_pem', undefined, { hint: kind === undefined ? '' : `: it is ${kind}` })
  }
}

function problemOfBlock({ label, der }: Block): ChainFinding {
  if (/^(NEW )?CERTIFICATE REQUEST$/.test(label)) return problemOfKind('csr')
  if (/^(PKCS7|PKCS #7 SIGNED DATA|CMS)$/.test(label)) return problemOfKind('pkcs7')
  if (derKind(der) === 'pkcs12') return problemOfKind('pkcs12')
  return finding('block_unexpected', undefined, { label })
}

function readBlock({ der }: Block, index: number): PlacedCertificate | ChainFinding {
  const position = index + 1
  try {
    return { position, certificate: certificateFromDer(der) }
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    const kind = derKind(der)
    if (kind === 'csr' || kind === 'pkcs7' || kind === 'pkcs12') return problemOfKind(kind)
    const reason = cause.message.replace('not a readable X.509 certificate: ', '')
    return finding('certificate_unreadable', { position, subject: undefined }, { reason })
  }
}
