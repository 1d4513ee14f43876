import { parseArgs } from 'node:util'
import { generateSecret, hashChosenSecret, hashGeneratedSecret } from '../registry/secrets.ts'
import { chosenSecret } from './chosen_secret.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Makes a ClientSecret, or hashes one that somebody chose, for client_secrets in the registry.

Usage: devapp-authz devapp hash-secret [--stdin]

  --stdin   hash the secret that stands on standard input, one line; never pass a secret as an argument
  --help    this text

Without --stdin a secret of 256 random bits is made and printed once, beside its hash. Hand the secret to the third party,
and register the hash.
`

/** `devapp-authz devapp hash-secret`. */
export async function hashSecret(
  argv: string[],
  io: Io,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<number> {
  let options: { stdin?: boolean; help?: boolean }
  try {
    options = parseArgs({ args: argv, options: { stdin: { type: 'boolean' }, help: { type: 'boolean' } } }).values
  } catch {
    // What is wrong is not repeated: it may be the secret.
    io.stderr(`devapp-authz devapp hash-secret: it takes nothing but --stdin and --help\n\n${usage}`)
    return exitCode.usage
  }
  if (options.help === true) {
    io.stdout(usage)
    return exitCode.done
  }
  if (options.stdin !== true) {
    const secret = generateSecret()
    io.stdout(`secret  ${secret}\nhash    ${hashGeneratedSecret(secret)}\n`)
    return exitCode.done
  }
  try {
    io.stdout(`${hashChosenSecret(await chosenSecret(stdin))}\n`)
    return exitCode.done
  } catch (error) {
    io.stderr(`devapp-authz devapp hash-secret: ${(error as Error).message}\n`)
    return exitCode.refused
  }
}
