import type { ClientSecret } from '../domain/devapp.ts'
import { rotatedSecrets } from '../registry/secret_rotation.ts'
import { generateSecret, hashChosenSecret, hashGeneratedSecret } from '../registry/secrets.ts'
import { chosenSecret } from './chosen_secret.ts'
import { columns } from './columns.ts'
import { answerOf, changeOptions, changeUsage, existing, makeChange } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'
import { secondsOf } from './devapp_documents.ts'
import { durationIn } from './devapp_values.ts'
import { seenFrom } from './interval.ts'
import { shownOnce } from './shown_once.ts'

const usage = `Gives a DevApp a new ClientSecret, which is shown this once. The one before it stays right for a while, so that the third party
can change over without an interruption.

Usage: devapp-authz devapp rotate-secret ID --config FILE [--old-valid-for DURATION] [--stdin] [--by NAME] [--json]

  --old-valid-for D
                  how long the secrets before it stay right, such as 12h or 30d, at most 90d
                  (default: 7d; 0s ends them at once)
  --stdin         take the secret that stands on standard input, one line; never pass a
                  secret as an argument
${changeUsage}
Exit code: 0 done; 1 refused, nothing was changed; 2 wrong usage.
`

const options = { ...changeOptions, 'old-valid-for': { type: 'string' }, stdin: { type: 'boolean' } } as const

const defaultOverlap = '7d'
const maxOverlapMs = 90 * 86_400_000

/** `devapp-authz devapp rotate-secret`. */
export const devAppRotateSecret = devAppCommand(
  { name: 'devapp rotate-secret', usage, options, operands: ['ID'] },
  async (called) => {
    const { operands, values, clock } = called
    const [id] = operands
    const overlapMs = durationIn('--old-valid-for', values['old-valid-for'] ?? defaultOverlap, maxOverlapMs)
    const now = clock()
    const oldUntil = new Date(wholeSeconds(now.getTime()) + overlapMs)
    const generated = values.stdin === true ? undefined : generateSecret()
    const hash =
      generated === undefined ? hashChosenSecret(await chosenSecret(called.stdin)) : hashGeneratedSecret(generated)
    const changed = await makeChange(called, {
      ...{ id, action: 'rotate_secret', detail: { old_valid_until: secondsOf(oldUntil) } },
      edit: existing(id, (current) => ({
        ...current,
        clientSecrets: rotatedSecrets(current, { hash, now, oldUntil }),
      })),
    })
    const old = changed.devApp?.clientSecrets.slice(0, -1) ?? []
    const shown = generated === undefined ? '' : `${columns([['ClientSecret', generated]])}\n${shownOnce}`
    return answerOf(called, changed, {
      text: `${shown}${endOf(old, secondsOf(now))}\n`,
      more: generated === undefined ? {} : { clientSecret: generated },
    })
  },
)

/** People read the end. */
const wholeSeconds = (ms: number): number => ms - (ms % 1_000)

function endOf(old: readonly ClientSecret[], now: string): string {
  const ends = old
    .flatMap(({ notAfter }) => (notAfter === undefined ? [] : secondsOf(notAfter)))
    .map((end) => `until ${end} (${seenFrom(now, end)})`)
  if (ends.length === 0) return 'It is the only one that is right.'
  return `${ends.length === 1 ? 'The one before it stays' : 'Those before it stay'} right ${ends.join(' and ')}.`
}
