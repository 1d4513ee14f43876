import type { DevApp, RegisteredCertificate } from '../domain/devapp.ts'
import type { ChainReport } from '../intake/chain_report.ts'
import { checkChain } from '../intake/check_chain.ts'
import { bytesOfFile } from './certificate_file.ts'
import { reportJson, reportText } from './chain_report.ts'
import {
  answerOf,
  type Changed,
  changeOptions,
  changeUsage,
  existing,
  makeChange,
  unknownDevApp,
} from './devapp_change.ts'
import { type Called, devAppCommand } from './devapp_command.ts'
import { secondsOf } from './devapp_documents.ts'
import { intakeOptions } from './intake_options.ts'
import { exitCode } from './io.ts'

const usage = `Attaches a certificate to a DevApp, with its chain, which is judged as devapp-authz chain check does: what is wrong with it is said
with its cure, and then nothing is changed. Requests with it pass from the next one on, beside those with the certificates that
are attached already, and Envoy trusts its CAs within a second.

Usage: devapp-authz devapp attach-certificate ID CHAINFILE --config FILE [--offline] [--by NAME] [--json]

  CHAINFILE       the chain in PEM: the leaf first, then each issuer, the root last
  --offline       do not ask the issuer whether the certificate is revoked
${changeUsage}
With --json the object has besides what chain check prints: accepted, problems and warnings.

Exit code: 0 attached, also where it was before; 1 refused, nothing was changed; 2 wrong usage.
`

const options = { ...changeOptions, offline: { type: 'boolean' } } as const

/** `devapp-authz devapp attach-certificate`. */
export const devAppAttachCertificate = devAppCommand(
  { name: 'devapp attach-certificate', usage, options, operands: ['ID', 'CHAINFILE'] },
  async (called) => {
    const [id, file = ''] = called.operands
    const found = await called.store.find(id)
    if (found === undefined) throw unknownDevApp(id)
    const report = await judged(called, bytesOfFile(file), found)
    const { registered } = report
    const text = reportText(report, file)
    if (registered === undefined) {
      const unchanged = { devApp: found, changed: false }
      const refusal = await answerOf(called, unchanged, {
        text: `${text}\nnothing was attached to ${id}\n`,
        more: reportJson(report),
      })
      return { ...refusal, code: exitCode.refused }
    }
    const changed = await makeChange(called, {
      ...{ id, action: 'attach_certificate', detail: detailOf(registered) },
      edit: existing(id, (current) => withCertificate(current, registered)),
    })
    return answerOf(called, changed, { text: `${text}\n${said(registered, changed, id)}`, more: reportJson(report) })
  },
)

async function judged(
  { config, clock, store, values }: Called<typeof options>,
  bytes: Uint8Array,
  attachTo: DevApp,
): Promise<ChainReport> {
  const intake = intakeOptions(config, { at: clock(), asks: values.offline !== true })
  try {
    return await checkChain(bytes, {
      ...intake.rules,
      sharing: { ownersOf: (sha256) => store.ownersOf(sha256), attachTo },
    })
  } finally {
    await intake.close()
  }
}

/** The DevApp with the certificate; the same one where it has it, under this chain. */
function withCertificate(current: DevApp, registered: RegisteredCertificate): DevApp {
  const attached = current.certificates.find(({ leaf }) => leaf.sha256 === registered.leaf.sha256)
  if (attached === undefined) return { ...current, certificates: [...current.certificates, registered] }
  if (fingerprints(attached) === fingerprints(registered)) return current
  return { ...current, certificates: current.certificates.map((each) => (each === attached ? registered : each)) }
}

const fingerprints = ({ chain }: RegisteredCertificate): string => chain.map(({ sha256 }) => sha256).join()

function detailOf({ leaf }: RegisteredCertificate): Record<string, string> {
  const { sha256, serialNumber, commonNames, notAfter } = leaf
  return { sha256, serial_number: serialNumber, common_name: commonNames.join(', '), not_after: secondsOf(notAfter) }
}

function said({ leaf }: RegisteredCertificate, { devApp, changed }: Changed, id: string): string {
  const [name, end] = [leaf.commonNames.join(', '), secondsOf(leaf.notAfter)]
  if (!changed) return `${name} was attached to ${id} already, and expires on ${end}\n`
  const trust = devApp?.status === 'disabled' ? `once ${id} is enabled` : 'within a second'
  return `attached ${name} to ${id}: it expires on ${end}, and Envoy trusts it ${trust}\n`
}
