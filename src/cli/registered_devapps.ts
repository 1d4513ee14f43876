import { basename } from 'node:path'
import type { Config } from '../config/config.ts'
import { FileStore } from '../registry/file_store.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'

/** The DevApps that the configuration's registry holds now, and what is said of the reading. */
export interface RegisteredNow {
  /** `undefined` where the registry cannot be read. */
  readonly snapshot: RegistrySnapshot | undefined
  readonly said: string
}

/** Reads the registry once, as the service reads it. Never rejects. */
export async function registeredNow({ registryFile }: Config): Promise<RegisteredNow> {
  const refused: Error[] = []
  const source = new FileStore(registryFile, { onLoaded: () => {}, onRefused: (error) => void refused.push(error) })
  await source.reload()
  const snapshot = source.snapshot()
  source.stop()
  const said =
    snapshot === undefined ? refused[0]?.message : `${basename(registryFile)}: ${snapshot.devApps.length} DevApps`
  return { snapshot, said: said ?? 'nothing was read' }
}
