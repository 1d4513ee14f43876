import type { DevApp } from '../domain/devapp.ts'
import { chosenLeaf } from './certificate_choice.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange, unknownDevApp } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'

const usage = `Detaches a certificate from a DevApp: the next request with it is refused, also on a connection that is open already, and Envoy
no longer trusts CAs that no other DevApp needs.

Usage: devapp-authz devapp detach-certificate ID CERT --config FILE [--by NAME] [--json]

  CERT            a file with the certificate in PEM or DER, its SHA-256, or its serial number
${changeUsage}
Exit code: 0 detached; 1 refused, nothing was changed; 2 wrong usage.
`

/** `devapp-authz devapp detach-certificate`. */
export const devAppDetachCertificate = devAppCommand(
  { name: 'devapp detach-certificate', usage, options: changeOptions, operands: ['ID', 'CERT'] },
  async (called) => {
    const { operands, store } = called
    const [id, argument = ''] = operands
    const found = await store.find(id)
    if (found === undefined) throw unknownDevApp(id)
    const sha256 = await chosenLeaf(argument, async () => found.certificates.map(({ leaf }) => leaf))
    const detached = found.certificates.find(({ leaf }) => leaf.sha256 === sha256)?.leaf
    const detail = { sha256, ...(detached && { serial_number: detached.serialNumber }) }
    const changed = await makeChange(called, {
      ...{ id, action: 'detach_certificate', detail },
      edit: existing(id, (current) => {
        const certificates = current.certificates.filter(({ leaf }) => leaf.sha256 !== sha256)
        if (certificates.length === current.certificates.length) throw notAttached(current, sha256)
        return { ...current, certificates }
      }),
    })
    const name = detached?.commonNames.join(', ') || sha256
    return answerOf(called, changed, {
      text: `detached ${name} from ${id}: the next request with it is refused\n`,
      warnings: changed.devApp === undefined ? [] : leftWithout(changed.devApp),
    })
  },
)

function notAttached({ id, certificates }: DevApp, sha256: string): Error {
  const attached = certificates.map(({ leaf }) => leaf.sha256).join(', ') || 'none'
  return new Error(`${sha256} is not attached to ${id}; attached: ${attached}`)
}

function leftWithout({ id, status, certificates }: DevApp): readonly string[] {
  return status === 'enabled' && certificates.length === 0
    ? [`it was the last certificate of ${id}, which is enabled: APIs with 2-way TLS are closed to it`]
    : []
}
