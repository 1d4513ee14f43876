import type { DevApp } from '../domain/devapp.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange, unknownDevApp } from './devapp_change.ts'
import { type Called, devAppCommand } from './devapp_command.ts'
import { UsageError } from './service_command.ts'

const usage = `Deletes a DevApp with its credentials, for good. Asks first; where nobody can be asked, --yes is needed. To stop its requests
and keep it, disable it.

Usage: devapp-authz devapp delete ID --config FILE [--yes] [--by NAME] [--json]

  --yes           do not ask; also an enabled DevApp is deleted
${changeUsage}
Exit code: 0 deleted; 1 refused, nothing was changed; 2 wrong usage.
`

const options = { ...changeOptions, yes: { type: 'boolean' } } as const

/** `devapp-authz devapp delete`. */
export const devAppDelete = devAppCommand(
  { name: 'devapp delete', usage, options, operands: ['ID'] },
  async (called) => {
    const { operands, store, values } = called
    const [id] = operands
    const found = await store.find(id)
    if (found === undefined) throw unknownDevApp(id)
    if (values.yes !== true) await confirm(called, found)
    const changed = await makeChange(called, {
      ...{ id, action: 'delete', detail: { name: found.name, client_key: found.clientKey } },
      edit: existing(id, () => undefined),
    })
    return answerOf(called, changed, { text: `deleted ${id}\n` })
  },
)

/** Throws where the person does not mean it, or nobody can be asked. */
async function confirm({ ask }: Pick<Called<typeof options>, 'ask'>, { id, name, status }: DevApp): Promise<void> {
  if (ask === undefined) throw new UsageError('nobody can be asked here: --yes is needed')
  const word = await ask(`Delete ${id} (${name}), which is ${status}? Its id deletes it, anything else keeps it: `)
  if (word.trim() !== id) throw new Error(`${id} was kept`)
}
