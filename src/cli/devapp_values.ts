import type { DevApp } from '../domain/devapp.ts'
import { parseDuration } from '../duration.ts'
import { devAppRules } from '../registry/devapp_rules.ts'
import { plainText, written } from './devapp_change.ts'
import { UsageError } from './service_command.ts'

/* Options that several subcommands take. Each throws a UsageError on what cannot be used. */

export function environmentIn(given: string | undefined): DevApp['environment'] | undefined {
  return oneOf('--environment', ['production', 'staging'], given)
}

export function statusIn(given: string | undefined): DevApp['status'] | undefined {
  return oneOf('--status', ['enabled', 'disabled'], given)
}

function oneOf<Value extends string>(
  option: string,
  values: readonly Value[],
  given: string | undefined,
): Value | undefined {
  const value = values.find((each) => each === given)
  if (given !== undefined && value === undefined)
    throw new UsageError(`${option}: expected ${values.join(' or ')}, got ${JSON.stringify(given)}`)
  return value
}

/** Labels from `NAME=VALUE`. */
export function labelsIn(given: readonly string[] = []): Readonly<Record<string, string>> {
  const labels = given.map((label): [string, string] => {
    const [name = '', ...value] = label.split('=')
    if (value.length === 0) throw new UsageError(`--label: expected NAME=VALUE, got ${JSON.stringify(label)}`)
    return [written('--label', name, devAppRules.labelName), plainText(`--label ${name}`, value.join('='))]
  })
  return Object.fromEntries(labels)
}

/** Milliseconds. */
export function durationIn(option: string, given: string, maxMs: number = Number.POSITIVE_INFINITY): number {
  const ms = parseDuration(given)
  if (ms === undefined)
    throw new UsageError(`${option}: expected a duration such as 7d or 12h, got ${JSON.stringify(given)}`)
  if (ms > maxMs) throw new UsageError(`${option}: ${given} is too long; at most ${maxMs / 86_400_000}d`)
  return ms
}
