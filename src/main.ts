#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import type { Io } from './cli/io.ts'
import { exitCode } from './cli/io.ts'

type Subcommand = (argv: string[], io: Io) => number | Promise<number>

interface Entry {
  readonly words: string
  readonly summary: string
  /** Loaded when called, so that `--help` and small subcommands do not pay for the server. */
  readonly load: () => Promise<Subcommand>
}

const subcommands: readonly Entry[] = [
  { words: 'serve', summary: 'run the authorization service', load: async () => (await import('./serve.ts')).serve },
  {
    words: 'check-config',
    summary: 'name every problem of a configuration file',
    load: async () => (await import('./cli/check_config.ts')).checkConfig,
  },
  {
    words: 'explain',
    summary: 'show why a certificate is allowed or refused, step by step',
    load: async () => (await import('./cli/explain.ts')).explain,
  },
  {
    words: 'check-envoy',
    summary: "name what in Envoy's configuration leads around the service",
    load: async () => (await import('./cli/check_envoy.ts')).checkEnvoy,
  },
  {
    words: 'truststore',
    summary: "write the CAs of the registered chains as Envoy's trust store",
    load: async () => (await import('./cli/truststore.ts')).truststore,
  },
  {
    words: 'devapp hash-secret',
    summary: 'make or hash a ClientSecret for the registry',
    load: async () => (await import('./cli/hash_secret.ts')).hashSecret,
  },
  {
    words: 'chain check',
    summary: 'accept or refuse the certificate chain of a third party',
    load: async () => (await import('./cli/chain_check.ts')).chainCheck,
  },
  {
    words: 'cert show',
    summary: 'print what a certificate says',
    load: async () => (await import('./cli/cert_show.ts')).certShow,
  },
  {
    words: 'ocsp verify',
    summary: 'judge a saved OCSP response',
    load: async () => (await import('./cli/ocsp_verify.ts')).ocspVerify,
  },
  {
    words: 'ocsp status',
    summary: 'show what a running service knows of every certificate',
    load: async () => (await import('./cli/ocsp_status.ts')).ocspStatus,
  },
  {
    words: 'ocsp get',
    summary: 'show what is remembered of one certificate, and save the answer',
    load: async () => (await import('./cli/ocsp_get.ts')).ocspGet,
  },
  {
    words: 'ocsp purge',
    summary: 'make the fleet forget answers',
    load: async () => (await import('./cli/ocsp_purge.ts')).ocspPurge,
  },
  {
    words: 'ocsp warm',
    summary: 'let a running service ask about every certificate now',
    load: async () => (await import('./cli/ocsp_warm.ts')).ocspWarm,
  },
]

const usage = `devapp-authz: external authorization for Envoy

Usage: devapp-authz SUBCOMMAND [OPTIONS]

${subcommands.map(({ words, summary }) => `  ${words.padEnd(20)} ${summary}`).join('\n')}

  --help               this text; after a subcommand, its own
  --version            the version
`

async function main(argv: string[], io: Io): Promise<number> {
  const [first = '--help'] = argv
  if (first === '--version') {
    io.stdout(`${version()}\n`)
    return exitCode.done
  }
  if (first === '--help' || first === 'help') {
    io.stdout(usage)
    return exitCode.done
  }
  const entry = subcommands.find(({ words }) => words.split(' ').every((word, i) => argv[i] === word))
  if (entry === undefined) {
    io.stderr(`devapp-authz: there is no subcommand '${argv.slice(0, 2).join(' ')}'\n\n${usage}`)
    return exitCode.usage
  }
  const subcommand = await entry.load()
  return subcommand(argv.slice(entry.words.split(' ').length), io)
}

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return version
}

const io: Io = { stdout: (text) => process.stdout.write(text), stderr: (text) => process.stderr.write(text) }
try {
  process.exitCode = await main(process.argv.slice(2), io)
} catch (error) {
  io.stderr(`devapp-authz: ${error instanceof Error ? error.message : String(error)}\n`)
  // What had begun, such as a watched file, would keep the process alive.
  process.exit(exitCode.refused)
}
