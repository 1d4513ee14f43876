import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GuardedProcess } from './guarded_process.ts'
import type { IssuedCertificate } from './pki.ts'
import { type Progress, programOnPath, run } from './program.ts'
import { temporaryFolder } from './temporary_folder.ts'

/**
 * The path of an OpenSSL with its `ocsp` responder: the one that `OPENSSL` names, else the one on the PATH. Throws with what
 * is missing and how to get it.
 */
export async function findOpenssl(_progress: Progress): Promise<string> {
  const binary = process.env['OPENSSL'] || programOnPath('openssl')
  const version = binary === undefined ? '' : run(binary, ['version']).output
  if (binary !== undefined && /^OpenSSL [3-9]\./.test(version)) return binary
  throw new Error(
    `OpenSSL 3 or newer is needed for its OCSP responder; here is ${version || 'none'}. Install it (Debian: apt-get install openssl; macOS: brew install openssl), or set OPENSSL to its path.`,
  )
}

/** RFC 5280 5.3.1, the reasons that `openssl ca` knows by the same names. */
export type RevocationReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'CACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'

export type ListedStatus =
  | 'good'
  /** Left out of the index: the responder has never heard of it. */
  | 'unknown'
  | { readonly revokedAt: Date; readonly reason?: RevocationReason }

export interface ListedCertificate {
  readonly certificate: IssuedCertificate
  readonly status: ListedStatus
}

export interface ResponderOptions {
  readonly openssl: string
  /** Reserved before the certificates were issued, since they name it (`freePort`). */
  readonly port: number
  /** The CA whose certificates it answers for. */
  readonly issuer: IssuedCertificate
  /** Signs the answers: a delegate of the issuer, or the issuer itself. */
  readonly signer: IssuedCertificate
  readonly certificates: readonly ListedCertificate[]
  /** From an answer's thisUpdate to its nextUpdate, in minutes; 0 leaves nextUpdate out. Default 60. */
  readonly minutesValid?: number
}

export interface RunningResponder {
  readonly url: string
  /** Stops answering, and keeps its port open: a stall. */
  pause(): void
  resume(): void
  /** Back on the same port, with these certificates, or with the ones it had. */
  restart(certificates?: readonly ListedCertificate[]): Promise<void>
  stop(): Promise<void>
}

/**
 * The real `openssl ocsp` responder, for one CA. It answers one request at a time, and OpenSSL lets it listen on every
 * interface, not on loopback alone.
 */
export async function startOpensslResponder(options: ResponderOptions): Promise<RunningResponder> {
  const folder = temporaryFolder('openssl-ocsp')
  writeFileSync(join(folder.path, 'issuer.pem'), options.issuer.pem)
  writeFileSync(join(folder.path, 'signer.pem'), options.signer.pem)
  writeFileSync(join(folder.path, 'signer.key'), options.signer.privateKeyPem, { mode: 0o600 })
  const serve = (certificates: readonly ListedCertificate[]) => respond(options, certificates, folder.path)

  let certificates = options.certificates
  let responder = await serve(certificates)
  const end = () => responder.stop('SIGKILL')
  return {
    url: `http://127.0.0.1:${options.port}/`,
    pause: () => responder.signal('SIGSTOP'),
    resume: () => responder.signal('SIGCONT'),
    restart: async (replacement = certificates) => {
      await end()
      certificates = replacement
      responder = await serve(certificates)
    },
    stop: async () => {
      await end()
      folder.remove()
    },
  }
}

/** Resolves once it accepts connections. */
async function respond(
  { openssl, port, minutesValid = 60 }: ResponderOptions,
  certificates: readonly ListedCertificate[],
  folder: string,
): Promise<GuardedProcess> {
  writeFileSync(join(folder, 'index.txt'), responderIndex(certificates))
  const responder = await GuardedProcess.start({
    command: openssl,
    args: [
      ...['ocsp', '-port', String(port), '-index', 'index.txt', '-CA', 'issuer.pem'],
      ...['-rsigner', 'signer.pem', '-rkey', 'signer.key', '-ignore_err'],
      ...(minutesValid > 0 ? ['-nmin', String(minutesValid)] : []),
    ],
    folder,
  })
  await responder.printed('it accepted connections', () => responder.stdout.find((line) => line.startsWith('ACCEPT')))
  return responder
}

/** The database of `openssl ca` that the responder answers from. */
export function responderIndex(certificates: readonly ListedCertificate[]): string {
  return certificates.map(indexLine).join('')
}

/** A line of the database of `openssl ca`: status, notAfter, revocation, serial number, file and subject. */
function indexLine({ certificate, status }: ListedCertificate): string {
  if (status === 'unknown') return ''
  const revoked = status === 'good' ? undefined : status
  const revocation = revoked && [time(revoked.revokedAt), ...(revoked.reason ? [revoked.reason] : [])].join(',')
  const notAfter = time(new Date(certificate.x509.validTo))
  const serialNumber = printedSerialNumber(certificate.serialNumber)
  return `${[revoked ? 'R' : 'V', notAfter, revocation ?? '', serialNumber, 'unknown', `/CN=${serialNumber}`].join('\t')}\n`
}

/** As OpenSSL prints the number: in whole octets, without leading zeros, a minus sign before a negative one. */
function printedSerialNumber(contentsHex: string): string {
  const value = BigInt.asIntN(contentsHex.length * 4, BigInt(`0x${contentsHex}`))
  const digits = (value < 0n ? -value : value).toString(16).toUpperCase()
  return `${value < 0n ? '-' : ''}${digits.length % 2 === 0 ? '' : '0'}${digits}`
}

/** `YYMMDDhhmmssZ`: OpenSSL 3.0 reads the time of a revocation in no other form. */
function time(at: Date): string {
  return `${at
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2, 14)}Z`
}
