import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { findEnvoy } from '../test/support/envoy.ts'
import { findOpenssl } from '../test/support/openssl_responder.ts'
import { Gateway } from './gateway.ts'
import { type Section, sections } from './rows.ts'
import { type Result, runRows } from './run_rows.ts'

const usage = `The whole gateway on loopback, with the real Envoy, real certificates and a real OCSP responder: asks what third parties ask,
and prints what was expected and what came.

Usage: npm run demo [-- --keep]

  --keep   leave it running afterwards, and print curl commands to try; Ctrl-C stops it
`

const { values } = parseArgs({ options: { keep: { type: 'boolean' }, help: { type: 'boolean' } } })
if (values.help === true) {
  process.stdout.write(usage)
  process.exit(0)
}

const progress = (sentence: string): void => void process.stderr.write(`${sentence}\n`)
const colour = process.stdout.isTTY === true
const red = (text: string) => (colour ? `\u001b[31m${text}\u001b[0m` : text)
const bold = (text: string) => (colour ? `\u001b[1m${text}\u001b[0m` : text)

let gateway: Gateway | undefined
let interrupted = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupted) process.exit(1)
    interrupted = true
    progress('\nStopping ...')
    const stopped = gateway?.stop() ?? Promise.resolve()
    stopped.finally(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}

try {
  process.exitCode = await demo()
} catch (error) {
  if (!interrupted) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}

async function demo(): Promise<number> {
  const openssl = await findOpenssl(progress)
  const envoy = await findEnvoy(progress)
  gateway = await Gateway.start({ envoy, openssl, progress })
  let failed = true
  try {
    printHeading()
    let shown: Section | undefined
    const results = await runRows(gateway, sections, (result, section) => {
      if (section !== shown) process.stdout.write(`\n${bold(section.title)}\n`)
      shown = section
      printRow(result)
    })
    const wrong = results.filter(({ wrong }) => wrong !== undefined)
    failed = wrong.length > 0
    process.stdout.write(`\n${summary(results.length, wrong.length, gateway)}\n`)
    if (values.keep === true) await keepRunning(gateway)
  } finally {
    if (values.keep !== true) await gateway.stop()
  }
  return failed ? 1 : 0
}

function printHeading(): void {
  process.stdout.write(`\n  ${'asked'.padEnd(60)} ${'expected'.padEnd(28)} ${'came'.padEnd(28)} ${'ms'.padStart(7)}\n`)
}

function printRow({ row, came, ms, wrong }: Result): void {
  const line = `${row.asks.padEnd(60)} ${row.expects.padEnd(28)} ${came.padEnd(28)} ${ms.toFixed(1).padStart(7)}`
  process.stdout.write(wrong === undefined ? `  ${line}\n` : red(`✗ ${line}\n    ${wrong}\n`))
}

function summary(rows: number, wrong: number, { upstreamRequests }: Gateway): string {
  const reached = `${upstreamRequests} requests reached the upstream`
  return wrong === 0
    ? `All ${rows} rows are as expected; ${reached}.`
    : red(`${wrong} of ${rows} rows are not as expected; ${reached}.`)
}

/** Everything up again, with certificates in files, until Ctrl-C. */
async function keepRunning(kept: Gateway): Promise<void> {
  const { folder, parties, serverCaPem, envoy } = kept
  const file = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const ca = file('server-ca.pem', serverCaPem)
  const client = (name: keyof typeof parties.certificates) => {
    const { pem, privateKeyPem } = parties.certificates[name]
    return `--cert ${file(`${name}.pem`, pem)} --key ${file(`${name}.key`, privateKeyPem)}`
  }
  const curl = (host: string, path: string, more: string) =>
    `curl -s --cacert ${ca} --resolve ${host}:${envoy.port}:127.0.0.1 https://${host}:${envoy.port}${path} ${more}`.trim()
  process.stdout.write(
    [
      '',
      'It is running. Try:',
      '',
      `  # a registered certificate, a revoked one, and a QWAC`,
      `  ${curl('api.example.com', '/v1/data', client('acme'))}`,
      `  ${curl('api.example.com', '/v1/data', client('revoked'))}`,
      `  ${curl('api.example.com', '/v1/accounts', client('fintech'))}`,
      `  # HTTP Basic, and an API on the wrong hostname`,
      `  ${curl('api2.example.com', '/v1/merchant', `--user acme-key:${parties.secrets.acme}`)}`,
      `  ${curl('api2.example.com', '/v1/data', '')}`,
      `  # what the handshake would refuse without a word`,
      `  ${curl('try.example.com', '/', client('expired'))}`,
      '',
      `The console is at ${kept.consoleUrl}`,
      `The configuration and the registry are in ${folder}; change devapps.yaml and see.`,
      'Ctrl-C stops it.',
      '',
    ].join('\n'),
  )
  await new Promise(() => {})
}
