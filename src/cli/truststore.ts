import { renameSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { registeredDevApps } from '../registry/open_registry.ts'
import { trustedAuthorities, truststorePem } from '../registry/truststore.ts'
import { configurationIn } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'

const usage = `Writes the trust store of Envoy's 2-way TLS: the CAs in the chains of all enabled DevApps, each once, as PEM. The file is
replaced in one step, and Envoy takes it over for the next handshake. Without any CA it trusts nobody. An Envoy that asks
the service for its trust store, as envoy/envoy.yaml does, needs no file.

Usage: devapp-authz truststore --config FILE --out FILE

  --config FILE   the configuration; the registry that it names is read
  --out FILE      the file that envoy/sds/truststore.yaml names
  --help          this text
`

/** `devapp-authz truststore`. */
export async function truststore(argv: string[], io: Io): Promise<number> {
  let values: { config?: string; out?: string; help?: boolean }
  try {
    const options = { config: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean' } } as const
    values = parseArgs({ args: argv, options }).values
  } catch (error) {
    io.stderr(`devapp-authz truststore: ${(error as Error).message}\n\n${usage}`)
    return exitCode.usage
  }
  if (values.help === true) {
    io.stdout(usage)
    return exitCode.done
  }
  const { config: file, out } = values
  if (file === undefined || out === undefined) {
    io.stderr(`devapp-authz truststore: --config and --out are needed\n\n${usage}`)
    return exitCode.usage
  }
  const authorities = trustedAuthorities(await registeredDevApps(configurationIn(file).registry))
  writeFileSync(`${out}.new`, truststorePem(authorities), { mode: 0o644 })
  renameSync(`${out}.new`, out)
  io.stdout(`${out} trusts ${authorities.length === 1 ? '1 CA' : `${authorities.length} CAs`}\n`)
  return exitCode.done
}
