import type { DevApp } from '../domain/devapp.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'

interface Direction {
  readonly verb: 'disable' | 'enable'
  readonly status: DevApp['status']
  readonly summary: string
  /** Said once it is done. */
  readonly effect: string
}

/** `devapp-authz devapp disable`. */
export const devAppDisable = switching({
  verb: 'disable',
  status: 'disabled',
  summary: `Disables a DevApp: its requests are refused with devapp_disabled from the next one on, and Envoy no longer trusts CAs that no
other DevApp needs. Nothing of it is lost.`,
  effect: 'its requests are refused with devapp_disabled',
})

/** `devapp-authz devapp enable`. */
export const devAppEnable = switching({
  verb: 'enable',
  status: 'enabled',
  summary: 'Enables a DevApp that was disabled, with all that it had.',
  effect: 'its requests are judged again',
})

function switching({ verb, status, summary, effect }: Direction) {
  const usage = `${summary}

Usage: devapp-authz devapp ${verb} ID --config FILE [--by NAME] [--json]

${changeUsage}
Exit code: 0 ${status}, also where it was before; 1 refused, nothing was changed; 2 wrong usage.
`
  return devAppCommand({ name: `devapp ${verb}`, usage, options: changeOptions, operands: ['ID'] }, async (called) => {
    const [id] = called.operands
    const edit = existing(id, (current) => (current.status === status ? current : { ...current, status }))
    const changed = await makeChange(called, { id, action: verb, edit })
    return answerOf(called, changed, {
      text: changed.changed ? `${id} is ${status}: ${effect}\n` : `${id} was ${status} already\n`,
    })
  })
}
