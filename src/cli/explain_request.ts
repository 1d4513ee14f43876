import { buffer } from 'node:stream/consumers'
import { checkRequestFromJson, type ReadAttributes } from '../envoy/check_request_json.ts'
import { partialBodyHeader } from '../envoy/signed_parts.ts'
import { bytesOfFile } from './certificate_file.ts'
import { UsageError } from './service_command.ts'

/** What the request is made from. */
export interface RequestArguments {
  /** A file with the leaf, or `-`. */
  readonly certificate?: string | undefined
  /** A file with a CheckRequest. */
  readonly request?: string | undefined
  readonly policy?: string | undefined
  readonly host?: string | undefined
  readonly basic?: string | undefined
  readonly clientKey?: string | undefined
  readonly secretFromStdin: boolean
}

export interface RequestToExplain {
  readonly attributes: ReadAttributes
  /** Whether the ClientSecret of Basic is at hand, and not made up. */
  readonly secretKnown: boolean
}

/** Stands where a secret would, and is never checked. */
const noSecret = 'not-given'
const maxStdinBytes = 1_048_576

/**
 * The request that the arguments describe, as Envoy would send it. `hostnameOf` is the hostname that a policy's APIs are served
 * on. Throws a UsageError where they contradict each other, and an Error where a file cannot be read.
 */
export async function requestToExplain(
  given: RequestArguments,
  hostnameOf: (policy: string | undefined) => string,
  stdin: NodeJS.ReadableStream,
): Promise<RequestToExplain> {
  const { basic, clientKey, secretFromStdin } = given
  if ((given.certificate === undefined) === (given.request === undefined))
    throw new UsageError('either CERT or --request FILE')
  if (given.certificate !== undefined && given.policy === undefined) throw new UsageError('--policy NAME is missing')
  if (secretFromStdin && basic === undefined) throw new UsageError('--secret-stdin needs --basic KEY')
  if (secretFromStdin && given.certificate === '-')
    throw new UsageError('CERT or the secret on standard input, not both')
  // RFC 7617 2: the first colon ends the user-id.
  if (basic?.includes(':') === true) throw new UsageError('a ClientKey has no colon; a secret is never an argument')

  const sent = given.request === undefined ? {} : requestIn(given.request)
  const pem = given.certificate === undefined ? undefined : leafPem(await bytesOf(given.certificate, stdin))
  const policy = given.policy ?? sent.policy
  const host = given.host ?? (given.request === undefined ? hostnameOf(policy) : undefined)
  const secret = secretFromStdin ? (await cappedText(stdin)).replace(/\r?\n$/, '') : noSecret
  const headers = {
    // Who writes a request down has its body as the gateway got it.
    ...(sent.body === undefined ? {} : { [partialBodyHeader]: 'false' }),
    ...sent.headers,
    ...(basic === undefined ? {} : { authorization: `Basic ${Buffer.from(`${basic}:${secret}`).toString('base64')}` }),
    ...(clientKey === undefined ? {} : { 'x-client-key': clientKey }),
  }
  return {
    attributes: {
      ...sent,
      ...{ policy, sni: host ?? sent.sni, host: host ?? sent.host, headers },
      certificate: pem === undefined ? sent.certificate : encodeURIComponent(pem),
    },
    secretKnown: secretFromStdin || basic === undefined,
  }
}

function requestIn(file: string): ReadAttributes {
  try {
    return checkRequestFromJson(bytesOfFile(file).toString('utf8'))
  } catch (cause) {
    const { message } = cause as Error
    throw new Error(message.startsWith(file) ? message : `${file}: ${message}`, { cause })
  }
}

const bytesOf = async (file: string, stdin: NodeJS.ReadableStream): Promise<Buffer> =>
  file === '-' ? capped(await buffer(stdin)) : bytesOfFile(file)

const cappedText = async (stdin: NodeJS.ReadableStream): Promise<string> => capped(await buffer(stdin)).toString('utf8')

function capped(bytes: Buffer): Buffer {
  if (bytes.length > maxStdinBytes) throw new Error('standard input: larger than 1 MiB')
  return bytes
}

/** The first certificate of a file as Envoy sends it, unread: what cannot be read is the service's to say. */
function leafPem(bytes: Buffer): string {
  // A DER certificate begins with SEQUENCE; no PEM armour begins with that byte, the digit 0.
  if (bytes[0] === 0x30) return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
  const text = bytes.toString('latin1')
  return /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(text)?.[0] ?? (text.trim() || 'empty')
}
