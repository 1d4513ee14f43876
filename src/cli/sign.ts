import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { type SignatureAlgorithm, signatureAlgorithms, signatureProfiles } from '../domain/signature.ts'
import { parseDuration } from '../duration.ts'
import { PublicKeyError, publicKeyFrom } from '../pki/public_key.ts'
import { concatenatedAlgorithm } from '../signing/concatenated.ts'
import { publicHalfOf, type Signed, signedConcatenation, signedMessage, type UnsignedRequest } from '../signing/sign.ts'
import { bytesOfFile } from './certificate_file.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, UsageError } from './service_command.ts'

const usage = `Signs a request as a merchant does, and prints it as a curl command, for trying. Nothing is sent.

Usage: devapp-authz sign --key PRIVATE.pem --url URL [options]

  --key FILE        the private key in PEM or DER, without passphrase. It is read, and appears nowhere
  --key-id KEYID    the id that its public half is attached under; needed for message-signatures
  --url URL         the https URL as it is to be sent: nothing in it is escaped or normalised
  --method METHOD   (default: POST with a body, else GET)
  --header 'N: V'   a header to send and, by message-signatures, to cover; may be repeated
  --body FILE       the body, which is signed and sent byte by byte
  --profile NAME    message-signatures (the default) or concatenated
  --algorithm NAME  of ${signatureAlgorithms.join(', ')} (default: the one of the key's kind, as with
                    devapp attach-key)
  --expires-in D    how long the signature is good at most, such as 60s (default: as long as the gateway takes it)
  --no-nonce        without a nonce
  --text            print what was signed, in place of the command
  -h, --help        this text

The command takes the credentials of Basic from the file credentials.curl, which holds one line:
  user = "ClientKey:ClientSecret"
A signature is good once: sign anew for the next call.

Exit code: 0 signed, 1 it cannot be, 2 wrong usage.
`

const options = {
  key: { type: 'string' },
  'key-id': { type: 'string' },
  url: { type: 'string' },
  method: { type: 'string' },
  header: { type: 'string', multiple: true },
  body: { type: 'string' },
  profile: { type: 'string', default: 'message-signatures' },
  algorithm: { type: 'string' },
  'expires-in': { type: 'string' },
  'no-nonce': { type: 'boolean', default: false },
  text: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** `devapp-authz sign`, given the arguments after it. Returns the exit code. */
export function sign(argv: string[], io: Io, now: () => Date = () => new Date()): Promise<number> {
  return exitCodeOf({ name: 'sign', usage, io }, async () => {
    const { values } = parseArgs({ args: argv, options })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const request = requestOf(values)
    const signed = signedBy(request, values, now())
    io.stdout(values.text ? Buffer.from(signed.text).toString('utf8') : curlCommand(request, signed, values.body))
    return exitCode.done
  })
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

function requestOf({ url, method, header, body }: Values): UnsignedRequest {
  if (url === undefined) throw new UsageError('--url URL is missing')
  const bytes = body === undefined ? new Uint8Array() : bytesOfFile(body)
  const named = method ?? (body === undefined ? 'GET' : 'POST')
  if (!/^[A-Za-z]{1,32}$/.test(named)) throw new UsageError('--method: a name such as POST')
  return { method: named, url, headers: Object.fromEntries((header ?? []).map(headerOf)), body: bytes }
}

function headerOf(written: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([A-Za-z0-9-]{1,64}):[ \t]*([\t\x20-\x7e]*?)[ \t]*$/.exec(written) ?? []
  if (name === '')
    throw new UsageError(`--header: write 'Name: value' in ASCII, not ${JSON.stringify(written.slice(0, 64))}`)
  return [name.toLowerCase(), value]
}

function signedBy(request: UnsignedRequest, values: Values, created: Date): Signed {
  const { key: file, 'key-id': keyId, profile, algorithm: named, 'expires-in': expiresIn } = values
  if (file === undefined) throw new UsageError('--key FILE is missing')
  if (!signatureProfiles.some((each) => each === profile))
    throw new UsageError(`--profile: ${signatureProfiles.join(' or ')}, not ${profile}`)
  const chosen = signatureAlgorithms.find((each) => each === named)
  if (named !== undefined && chosen === undefined)
    throw new UsageError(`--algorithm: one of ${signatureAlgorithms.join(', ')}`)
  const key = privateKeyIn(file)
  if (profile === 'concatenated') {
    algorithmOf(key, concatenatedAlgorithm)
    return signedConcatenation(request, key)
  }
  if (keyId === undefined) throw new UsageError('--key-id KEYID is missing')
  const lifetimeMs = expiresIn === undefined ? undefined : parseDuration(expiresIn)
  if (expiresIn !== undefined && lifetimeMs === undefined) throw new UsageError('--expires-in: a duration such as 60s')
  return signedMessage(request, {
    ...{ key, keyId, created, algorithm: algorithmOf(key, chosen) },
    expires: lifetimeMs === undefined ? undefined : new Date(created.getTime() + lifetimeMs),
    nonce: values['no-nonce'] ? undefined : randomUUID(),
  })
}

function privateKeyIn(file: string): KeyObject {
  const bytes = Buffer.from(bytesOfFile(file))
  const forms = [
    { key: bytes },
    ...(['pkcs8', 'pkcs1', 'sec1'] as const).map((type) => ({ key: bytes, type, format: 'der' as const })),
  ]
  for (const form of forms) {
    try {
      return createPrivateKey(form)
    } catch {
      // Whatever OpenSSL says of the one form says nothing of the others.
    }
  }
  throw new Error(`${file}: no private key without passphrase, in PEM or DER; openssl genpkey makes one`)
}

function algorithmOf(key: KeyObject, chosen: SignatureAlgorithm | undefined): SignatureAlgorithm {
  try {
    return publicKeyFrom(Buffer.from(publicHalfOf(key)), chosen).algorithm
  } catch (error) {
    throw error instanceof PublicKeyError ? new Error(`${error.message}; ${error.cure}`) : error
  }
}

function curlCommand({ method, url, headers }: UnsignedRequest, signed: Signed, body: string | undefined): string {
  const fields = Object.entries({ ...headers, ...signed.headers })
  return `${[
    // curl would rewrite dots in the path, and read braces as lists.
    `curl --path-as-is --globoff --request ${method}`,
    '--config credentials.curl',
    ...fields.map(([name, value]) => `--header ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quoted(`@${body}`)}`]),
    quoted(url),
  ].join(' \\\n  ')}\n`
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
