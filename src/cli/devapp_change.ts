import type { DevApp } from '../domain/devapp.ts'
import type { WritingRule } from '../registry/devapp_rules.ts'
import type { DevAppChange } from '../registry/store.ts'
import { type Answer, type Called, devAppOptions, devAppUsage } from './devapp_command.ts'
import { devAppDocument } from './devapp_documents.ts'
import { UsageError } from './service_command.ts'

/** What every subcommand takes that changes a DevApp. */
export const changeOptions = { ...devAppOptions, by: { type: 'string' } } as const

export const changeUsage = `  --by NAME       who makes the change, for the audit (default: the user and host of this process)
${devAppUsage}`

type Calling = Called<typeof changeOptions>

/** What a change came to. */
export interface Changed {
  /** As it is now; `undefined` where it is gone. */
  readonly devApp: DevApp | undefined
  /** False where it was so already, and nothing was stored. */
  readonly changed: boolean
}

/** Thrown by an edit that finds everything as it is to be: nothing is stored, and nothing stands in the audit. */
class AsItWas extends Error {}

/** An edit of a DevApp that has to be there; returning it as it is changes nothing. */
export function existing(id: string, edit: (current: DevApp) => DevApp | undefined): DevAppChange['edit'] {
  return (current) => {
    if (current === undefined) throw unknownDevApp(id)
    const edited = edit(current)
    if (edited === current) throw new AsItWas()
    return edited
  }
}

export const unknownDevApp = (id: string): Error =>
  new Error(`there is no DevApp ${id}: devapp-authz devapp list names those that there are`)

/** Makes the change in the caller's name. Rejects as the store does. */
export async function makeChange(
  { store, values, user }: Calling,
  change: Pick<DevAppChange, 'id' | 'action' | 'edit'> & Partial<DevAppChange>,
): Promise<Changed> {
  const by = plainText('--by', values.by ?? user())
  try {
    return { devApp: await store.change({ detail: {}, ...change, by }), changed: true }
  } catch (error) {
    if (!(error instanceof AsItWas)) throw error
    return { devApp: await store.find(change.id), changed: false }
  }
}

/** What is said of a change; `more` is added to the JSON object. */
export async function answerOf(
  { store, clock }: Calling,
  { devApp, changed }: Changed,
  { text, warnings = [], more = {} }: { text: string; warnings?: readonly string[]; more?: object },
): Promise<Answer> {
  const document = devApp === undefined ? null : await devAppDocument(devApp, store, clock())
  return { text, warnings, json: { devApp: document, changed, ...more, warnings } }
}

/** The value where it is written as the rule says. Throws a UsageError that says what it is for, and the cure. */
export function written(what: string, value: string, { pattern, cure }: WritingRule): string {
  if (pattern.test(value)) return value
  throw new UsageError(`${what}: ${JSON.stringify(value.slice(0, 64))} cannot be used; ${cure}`)
}

/** A text for people. */
export function plainText(what: string, value: string): string {
  return written(what, value, { pattern: /^\P{Cc}{1,1000}$/u, cure: 'write 1 to 1000 characters on one line' })
}
