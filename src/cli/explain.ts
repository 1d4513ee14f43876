import { parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import { explainedRequest } from '../envoy/explained_request.ts'
import { PresentedCertificates } from '../envoy/presented_certificates.ts'
import type { Explanation } from '../explain/explanation.ts'
import type { Clock, Ports } from '../ports.ts'
import { Psd2Lists } from '../registry/psd2_lists.ts'
import { registrationsIn } from '../registry/registrations.ts'
import { ClientSecrets } from '../registry/secrets.ts'
import { trialsOver } from '../registry/trials.ts'
import { WatchedSignatures } from '../signing/watched_signatures.ts'
import { bytesOfFile } from './certificate_file.ts'
import { configurationIn } from './configuration_file.ts'
import { explanationListing } from './explain_listing.ts'
import { type RequestToExplain, requestToExplain } from './explain_request.ts'
import { exitCode, type Io } from './io.ts'
import { registeredNow } from './registered_devapps.ts'
import { exitCodeOf, jsonText, UsageError } from './service_command.ts'
import { timeOf } from './time_option.ts'
import { watchedRevocation } from './watched_revocation.ts'

const defaultConfig = '/etc/devapp-authz/authz.yaml'

const usage = `Decides about a request as the service would, asking the issuer's responder live, and shows each step with what it found, what a
refused certificate nearly is, and what the caller would be told. Nothing is changed, in Redis neither.

Usage: devapp-authz explain (CERT | --request FILE) --policy NAME [options]

  CERT              a file with the client certificate in PEM (its first one) or DER; - reads standard input
  --request FILE    Envoy's CheckRequest as JSON, in place of CERT
  --policy NAME     the policy that the route names (default with --request: the one in it)
  --config FILE     the service's configuration (default: ${defaultConfig})
  --host HOST       SNI and Host (default: the hostname that the policy's APIs are served on, or those of the request)
  --basic KEY       the ClientKey of HTTP Basic
  --secret-stdin    its secret is the line on standard input; without this the secret is taken as right
  --client-key KEY  the header x-client-key
  --signed FILE     the text that the signer says it signed, to be compared with the expected one
  --at TIME         judge as of this time, such as 2026-06-15T12:00:00Z (default: now). A responder answers for now: for
                    another time its answer may not count
  --json            one JSON object instead of the listing
  -h, --help        this text

Exit code: 0 allowed, in shadow mode too, 1 refused, or it could not be found out, 2 wrong usage.
`

const options = {
  request: { type: 'string' },
  policy: { type: 'string' },
  config: { type: 'string', default: defaultConfig },
  host: { type: 'string' },
  basic: { type: 'string' },
  'secret-stdin': { type: 'boolean', default: false },
  'client-key': { type: 'string' },
  signed: { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** `devapp-authz explain`, given the arguments after it. Returns the exit code. */
export function explain(argv: string[], io: Io, stdin: NodeJS.ReadableStream = process.stdin): Promise<number> {
  return exitCodeOf({ name: 'explain', usage, io }, async () => {
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
    if (values.help) {
      io.stdout(usage)
      return exitCode.done
    }
    const [certificate, ...others] = positionals
    if (others.length > 0) throw new UsageError(`one CERT at a time, not also ${others.join(' ')}`)
    const at = values.at === undefined ? undefined : timeOf(values.at)
    const given = { ...values, certificate, clientKey: values['client-key'], secretFromStdin: values['secret-stdin'] }
    // Lazily, so that wrong usage is said first.
    let read: Config | undefined
    const config = (): Config => (read ??= configurationIn(values.config))
    const servedOn = (name: string | undefined): string => {
      const policy = name === undefined ? undefined : config().policies.get(name)
      return config().hostnames.advertised(policy?.channel ?? 'mtls')
    }
    const request = await requestToExplain(given, servedOn, stdin)
    const signedText = values.signed === undefined ? undefined : bytesOfFile(values.signed)
    const clock = at === undefined ? () => new Date() : () => at
    const explanation = await explained(config(), { ...request, signedText }, clock)
    io.stdout(values.json ? jsonText(explanation) : explanationListing(explanation))
    return explanation.decision.kind === 'deny' ? exitCode.refused : exitCode.done
  })
}

/** Wires the pipeline together as the service does, for one request. */
async function explained(
  config: Config,
  { attributes, secretKnown, signedText }: RequestToExplain & { readonly signedText: Uint8Array | undefined },
  clock: Clock,
): Promise<Explanation> {
  const { snapshot, said } = await registeredNow(config)
  const psd2 = new Psd2Lists({ ...config, onLoaded: () => {}, onRefused: () => {} })
  const revocation = await watchedRevocation(config, clock)
  const keys = () =>
    snapshot?.devApps.flatMap(({ id, publicKeys }) => publicKeys.map((key) => ({ key, owner: id }))) ?? []
  const signatures = new WatchedSignatures({ signedText, keys })
  try {
    const ports: Ports = {
      registry: { snapshot: () => snapshot },
      revocation,
      // Who is locked out is known to the running service.
      attempts: { lockOf: () => undefined, succeeded: () => {}, failed: () => {} },
      secrets: secretKnown
        ? new ClientSecrets(() => snapshot?.holdsChosenSecret === true)
        : { verify: (devApp) => devApp !== undefined },
      qtsps: psd2,
      withdrawals: psd2,
      signatures,
      trials: { ...trialsOver(() => snapshot), admit: () => ({ admitted: true }) },
      clock,
    }
    const explanation = await explainedRequest(attributes, {
      ...{ rules: config, ports, snapshot, registry: said },
      certificates: new PresentedCertificates((der) => snapshot?.registeredLeaf(der)),
      registrations: snapshot && registrationsIn(snapshot),
      circumstances: ({ evidence }) => ({
        secretChecked: secretKnown,
        signature: signatures.facts,
        revocation:
          evidence?.identity.binding.status === 'registered'
            ? revocation.factsOf(evidence.identity.binding.certificate, evidence.revocation)
            : [],
      }),
    })
    if (explanation !== undefined) return explanation
    throw new UsageError(`the policy ${attributes.policy} is for trying certificates: name that of an API`)
  } finally {
    psd2.stop()
    await revocation.close()
  }
}
