import { Readable } from 'node:stream'
import type { Surroundings } from '../../../src/cli/devapp_command.ts'
import type { Io } from '../../../src/cli/io.ts'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { now } from '../../support/evidence.ts'
import { MemoryDevAppStore } from '../../support/memory_devapp_store.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type Ran, run as runSubcommand, writeConfig } from './ocsp_fixture.ts'

type Subcommand = (argv: string[], io: Io, surroundings: Surroundings) => Promise<number>

type Call = (subcommand: Subcommand, ...argv: string[]) => Promise<Ran>

interface Calling {
  /** What stands on standard input. */
  readonly stdin?: string
  /** What a person answers; without it nobody sits there. */
  readonly answer?: string
}

/** A registry in memory, and a configuration with these keys besides, for the subcommands of `devapp`; call it inside `describe`. */
export function devAppRegistry(configuration: Readonly<Record<string, unknown>> = {}) {
  const folder = temporaryFolder('devapp')
  const config = writeConfig(folder.path, {
    policies: {
      data: { channel: 'mtls', require: ['certificate'], product: 'data' },
      accounts: { channel: 'mtls', require: ['certificate'], product: 'ob-accounts' },
    },
    ...configuration,
  })
  after(() => folder.remove())
  const registry = { store: new MemoryDevAppStore(), asked: [] as string[] }

  const withConfig =
    (call: Call): Call =>
    (subcommand, ...argv) =>
      call(subcommand, '--config', config, ...argv)
  const calling =
    ({ stdin = '', answer }: Calling): Call =>
    (subcommand, ...argv) => {
      const surroundings: Surroundings = {
        openStore: () => registry.store,
        clock: () => now,
        user: () => 'sam@workstation',
        stdin: Readable.from([stdin]),
        ask:
          answer === undefined
            ? undefined
            : async (question) => {
                registry.asked.push(question)
                return answer
              },
      }
      return runSubcommand((given, io) => subcommand(given, io, surroundings), ...argv)
    }

  return {
    registry,
    folder: folder.path,
    /** Puts these DevApps, and no others, into the registry. */
    holds: (...devApps: DevApp[]): void => {
      registry.store = new MemoryDevAppStore(devApps)
      registry.asked.splice(0)
    },
    find: (id: string): Promise<DevApp | undefined> => registry.store.find(id),
    run: withConfig(calling({})),
    runWithoutConfig: calling({}),
    calling: (circumstances: Calling): Call => withConfig(calling(circumstances)),
  }
}

/** The JSON object that a subcommand printed. */
// biome-ignore lint/suspicious/noExplicitAny: each subcommand has its own
export const printed = ({ stdout }: Ran): any => JSON.parse(stdout)
