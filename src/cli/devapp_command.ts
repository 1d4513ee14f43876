import { hostname, userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import type { Config } from '../config/config.ts'
import type { Clock } from '../ports.ts'
import { openDevAppStore } from '../registry/open_registry.ts'
import type { DevAppStore } from '../registry/store.ts'
import { configurationIn } from './configuration_file.ts'
import { exitCode, type Io } from './io.ts'
import { exitCodeOf, jsonText, UsageError } from './service_command.ts'

type OptionsConfig = NonNullable<ParseArgsConfig['options']>

/** What the subcommands work with besides their arguments; a test brings its own. */
export interface Surroundings {
  readonly openStore: (config: Config) => DevAppStore | Promise<DevAppStore>
  readonly clock: Clock
  /** Who calls, for the audit. */
  readonly user: () => string
  readonly stdin: NodeJS.ReadableStream
  /** Asks a person; `undefined` where nobody sits at a terminal. */
  readonly ask: ((question: string) => Promise<string>) | undefined
}

/** A call as its subcommand sees it: the arguments read, the store open. */
export interface Called<Options extends OptionsConfig> extends Surroundings {
  readonly values: ReturnType<typeof parseArgs<{ options: Options }>>['values']
  readonly operands: readonly [string, ...string[]]
  readonly config: Config
  readonly store: DevAppStore
}

/** What a subcommand has to say. */
export interface Answer {
  /** For people. */
  readonly text: string
  /** For programs. */
  readonly json: unknown
  /** For people, on standard error. */
  readonly warnings?: readonly string[]
  /** Default: done. */
  readonly code?: number
}

interface Definition<Options extends OptionsConfig> {
  /** After `devapp-authz`. */
  readonly name: string
  readonly usage: string
  readonly options: Options
  /** In order; after the last one, `...` permits more of it. */
  readonly operands: readonly string[]
}

export type Subcommand = (argv: string[], io: Io, surroundings?: Surroundings) => Promise<number>

export const devAppOptions = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

export const devAppUsage = `  --config FILE   the configuration, which names the registry
  --json          one JSON object instead of the text
  -h, --help      this text
`

/** A subcommand on the registry's store: reads the arguments, opens the store, prints the answer, closes the store. */
export function devAppCommand<const Options extends OptionsConfig>(
  definition: Definition<Options & typeof devAppOptions>,
  run: (called: Called<Options & typeof devAppOptions>) => Promise<Answer>,
): Subcommand {
  const { name, usage, options } = definition
  return (argv, io, surroundings = realSurroundings()) =>
    exitCodeOf({ name, usage, io }, async () => {
      const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true })
      const { help, json, config: file } = values as { help?: boolean; json?: boolean; config?: string }
      if (help === true) {
        io.stdout(usage)
        return exitCode.done
      }
      const operands = checkedOperands(definition.operands, positionals)
      if (file === undefined) throw new UsageError('--config FILE is missing')
      const config = configurationIn(file)
      const store = await surroundings.openStore(config)
      try {
        const answer = await run({ ...surroundings, values, operands, config, store })
        for (const warning of json === true ? [] : (answer.warnings ?? []))
          io.stderr(`devapp-authz ${name}: warning: ${warning}\n`)
        io.stdout(json === true ? jsonText(answer.json) : answer.text)
        return answer.code ?? exitCode.done
      } finally {
        await store.close()
      }
    })
}

function checkedOperands(names: readonly string[], given: readonly string[]): readonly [string, ...string[]] {
  const missing = names[given.length]
  if (missing !== undefined) throw new UsageError(`which ${missing.replace('...', '')}?`)
  const surplus = names.at(-1)?.endsWith('...') === true ? [] : given.slice(names.length)
  if (surplus.length > 0) throw new UsageError(`what is ${surplus.join(' ')}?`)
  const [first = '', ...others] = given
  return [first, ...others]
}

function realSurroundings(): Surroundings {
  return {
    openStore: ({ registry }) => openDevAppStore(registry),
    clock: () => new Date(),
    user: systemUser,
    stdin: process.stdin,
    ask: process.stdin.isTTY ? askAtTerminal : undefined,
  }
}

/** The user and host of this process; under sudo, the user who called it. */
export function systemUser(environment: NodeJS.ProcessEnv = process.env): string {
  return `${environment['SUDO_USER'] ?? ownName()}@${hostname()}`
}

function ownName(): string {
  try {
    return userInfo().username
  } catch {
    // A container may run under a number that no account has.
    return `uid ${process.getuid?.()}`
  }
}

async function askAtTerminal(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}
