import type { DevApp } from '../domain/devapp.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange, unknownDevApp } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'

const usage = `Detaches a public key from a DevApp: the next request signed with it is refused.

Usage: devapp-authz devapp detach-key ID KEYID --config FILE [--by NAME] [--json]

  KEYID           the id of the key, or its SHA-256, as devapp-authz devapp show names them
${changeUsage}
Exit code: 0 detached; 1 refused, nothing was changed; 2 wrong usage.
`

/** `devapp-authz devapp detach-key`. */
export const devAppDetachKey = devAppCommand(
  { name: 'devapp detach-key', usage, options: changeOptions, operands: ['ID', 'KEYID'] },
  async (called) => {
    const [id, named = ''] = called.operands
    const found = await called.store.find(id)
    if (found === undefined) throw unknownDevApp(id)
    const key = found.publicKeys.find((each) => each.id === named || each.sha256 === named.toLowerCase())
    if (key === undefined) throw notAttached(found, named)
    const changed = await makeChange(called, {
      ...{ id, action: 'detach_key', detail: { key: key.id, sha256: key.sha256 } },
      edit: existing(id, (current) => {
        const publicKeys = current.publicKeys.filter(({ sha256 }) => sha256 !== key.sha256)
        if (publicKeys.length === current.publicKeys.length) throw notAttached(current, named)
        return { ...current, publicKeys }
      }),
    })
    return answerOf(called, changed, {
      text: `detached ${key.id} from ${id}: the next request signed with it is refused\n`,
      warnings:
        changed.devApp?.publicKeys.length === 0
          ? [`it was the last key of ${id}: APIs that ask for signed requests are closed to it`]
          : [],
    })
  },
)

function notAttached({ id, publicKeys }: DevApp, named: string): Error {
  const attached = publicKeys.map((key) => key.id).join(', ') || 'none'
  return new Error(`${named.slice(0, 128)} is no key of ${id}; attached: ${attached}`)
}
