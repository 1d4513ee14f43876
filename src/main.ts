#!/usr/bin/env node
import type { Io } from './cli/io.ts'
import { exitCode } from './cli/io.ts'
import { nearest } from './config/nearest.ts'
import { packageVersion } from './version.ts'

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
    words: 'health',
    summary: 'ask a running service whether it is ready',
    load: async () => (await import('./cli/health.ts')).health,
  },
  {
    words: 'check-config',
    summary: 'name every problem of a configuration file',
    load: async () => (await import('./cli/check_config.ts')).checkConfig,
  },
  {
    words: 'migrate',
    summary: "bring the registry's tables in PostgreSQL to what this version knows",
    load: async () => (await import('./cli/migrate.ts')).migrateCommand,
  },
  {
    words: 'explain',
    summary: 'show why a certificate is allowed or refused, step by step',
    load: async () => (await import('./cli/explain.ts')).explain,
  },
  {
    words: 'sign',
    summary: 'sign a request as merchants do, and print it as a curl command',
    load: async () => (await import('./cli/sign.ts')).sign,
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
    words: 'devapp create',
    summary: 'register a DevApp, and print its credentials once',
    load: async () => (await import('./cli/devapp_create.ts')).devAppCreate,
  },
  {
    words: 'devapp list',
    summary: 'list the DevApps',
    load: async () => (await import('./cli/devapp_list.ts')).devAppList,
  },
  {
    words: 'devapp show',
    summary: 'show all of a DevApp but its secrets',
    load: async () => (await import('./cli/devapp_show.ts')).devAppShow,
  },
  {
    words: 'devapp disable',
    summary: 'switch a DevApp off',
    load: async () => (await import('./cli/devapp_status.ts')).devAppDisable,
  },
  {
    words: 'devapp enable',
    summary: 'switch a DevApp on again',
    load: async () => (await import('./cli/devapp_status.ts')).devAppEnable,
  },
  {
    words: 'devapp select-product',
    summary: 'select API products for a DevApp, or take them away',
    load: async () => (await import('./cli/devapp_select_product.ts')).devAppSelectProduct,
  },
  {
    words: 'devapp rotate-secret',
    summary: 'give a DevApp a new ClientSecret',
    load: async () => (await import('./cli/devapp_rotate_secret.ts')).devAppRotateSecret,
  },
  {
    words: 'devapp attach-certificate',
    summary: 'attach a certificate to a DevApp, with its chain',
    load: async () => (await import('./cli/devapp_attach_certificate.ts')).devAppAttachCertificate,
  },
  {
    words: 'devapp detach-certificate',
    summary: 'detach a certificate from a DevApp',
    load: async () => (await import('./cli/devapp_detach_certificate.ts')).devAppDetachCertificate,
  },
  {
    words: 'devapp attach-key',
    summary: 'attach a public key to a DevApp, to sign requests with',
    load: async () => (await import('./cli/devapp_attach_key.ts')).devAppAttachKey,
  },
  {
    words: 'devapp detach-key',
    summary: 'detach a public key from a DevApp',
    load: async () => (await import('./cli/devapp_detach_key.ts')).devAppDetachKey,
  },
  {
    words: 'devapp delete',
    summary: 'delete a DevApp for good',
    load: async () => (await import('./cli/devapp_delete.ts')).devAppDelete,
  },
  {
    words: 'devapp hash-secret',
    summary: 'make or hash a ClientSecret for a registry that is written by hand',
    load: async () => (await import('./cli/hash_secret.ts')).hashSecret,
  },
  {
    words: 'chain check',
    summary: 'accept or refuse the certificate chain of a third party',
    load: async () => (await import('./cli/chain_check.ts')).chainCheck,
  },
  {
    words: 'chain serve',
    summary: 'serve the page on which third parties check a chain before they submit it',
    load: async () => (await import('./cli/chain_serve.ts')).chainServe,
  },
  {
    words: 'cert show',
    summary: 'print what a certificate says',
    load: async () => (await import('./cli/cert_show.ts')).certShow,
  },
  {
    words: 'log-level',
    summary: 'let a running service log more or less for a while',
    load: async () => (await import('./cli/log_level.ts')).logLevel,
  },
  {
    words: 'basic lockouts',
    summary: 'show who is locked out of HTTP Basic after too many wrong secrets',
    load: async () => (await import('./cli/basic_lockouts.ts')).basicLockouts,
  },
  {
    words: 'basic unlock',
    summary: 'lift locks of HTTP Basic',
    load: async () => (await import('./cli/basic_unlock.ts')).basicUnlock,
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

${summaries(subcommands)}
  --help     this text; after a subcommand, its own
  --version  the version
`

function groupUsage(group: string): string {
  return `Usage: devapp-authz ${group} SUBCOMMAND [OPTIONS]

${summaries(within(group))}
  --help  this text; after a subcommand, its own
`
}

function summaries(entries: readonly Entry[]): string {
  const width = Math.max(...entries.map(({ words }) => words.length))
  return entries.map(({ words, summary }) => `  ${words.padEnd(width)}  ${summary}\n`).join('')
}

/** The subcommands of two words that begin with this one. */
function within(group: string): readonly Entry[] {
  return subcommands.filter(({ words }) => words.startsWith(`${group} `))
}

const asksForHelp = (word: string | undefined): boolean => word === '--help' || word === '-h' || word === 'help'

async function main(argv: string[], io: Io): Promise<number> {
  const [first = '--help', second] = argv
  if (first === '--version') {
    io.stdout(`${packageVersion()}\n`)
    return exitCode.done
  }
  const isGroup = within(first).length > 0
  if (asksForHelp(first) || (isGroup && asksForHelp(second))) {
    io.stdout(isGroup ? groupUsage(first) : usage)
    return exitCode.done
  }
  const entry = subcommands.find(({ words }) => words.split(' ').every((word, i) => argv[i] === word))
  if (entry === undefined) {
    io.stderr(
      `devapp-authz: ${mistakeIn(first, isGroup ? second : undefined)}\n\n${isGroup ? groupUsage(first) : usage}`,
    )
    return exitCode.usage
  }
  const subcommand = await entry.load()
  return subcommand(argv.slice(entry.words.split(' ').length), io)
}

function mistakeIn(first: string, second: string | undefined): string {
  if (second === undefined && within(first).length > 0) return `which subcommand of ${first}?`
  const given = second === undefined ? first : `${first} ${second}`
  const meant = nearest(
    given,
    subcommands.map(({ words }) => words),
  )
  return `there is no subcommand '${given}'${meant === undefined ? '' : `; is '${meant}' meant?`}`
}

const io: Io = { stdout: (text) => process.stdout.write(text), stderr: (text) => process.stderr.write(text) }
try {
  process.exitCode = await main(process.argv.slice(2), io)
} catch (error) {
  io.stderr(`devapp-authz: ${error instanceof Error ? error.message : String(error)}\n`)
  // What had begun, such as a watched file, would keep the process alive.
  process.exit(exitCode.refused)
}
