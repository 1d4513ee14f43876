import type { DevApp } from '../domain/devapp.ts'
import type { Registry } from '../ports.ts'
import type { RegistrySnapshot } from './registry.ts'

/** Told what became of the registry while a service runs. */
export interface RegistryObserver {
  readonly onLoaded: (snapshot: RegistrySnapshot) => void
  /** A change could not be taken over, or the store not be read; what was in force stays. */
  readonly onRefused: (error: Error) => void
  /** A leaf in force turned out not to be of its issuer, and is treated as if it were not registered. */
  readonly onBroken?: (broken: { readonly sha256: string; readonly devApps: string[]; readonly reason: string }) => void
  /** What had changed in a database was read, or could not be. */
  readonly onRead?: ((read: RegistryRead) => void) | undefined
}

export interface RegistryRead {
  readonly outcome: 'read' | 'failed'
  readonly durationMs: number
}

/** How far what is in force is what the store has. */
export interface Freshness {
  /** Whether the store is there, and its changes arrive. */
  readonly connected: boolean
  /** When it was last seen that nothing newer is there; `undefined` before the first reading. What was refused then is told. */
  readonly asOf: Date | undefined
}

/** DevApps as a running service has them: all in memory, kept up to date with the store. */
export interface RegistrySource extends Registry {
  snapshot(): RegistrySnapshot | undefined
  freshness(): Freshness
  /** Begins to follow the store. Resolves after the first reading, whatever came of it. */
  start(): Promise<void>
  /** Reads the store now, after any reading under way. Never rejects: the observer is told. */
  reload(): Promise<void>
  stop(): void | Promise<void>
}

/** What a change is called in the audit. */
export type DevAppAction =
  | 'create'
  | 'disable'
  | 'enable'
  | 'select_product'
  | 'rotate_secret'
  | 'attach_certificate'
  | 'detach_certificate'
  | 'attach_key'
  | 'detach_key'
  | 'delete'

/** One change to one DevApp. */
export interface DevAppChange {
  /** Of the DevApp. */
  readonly id: string
  readonly action: DevAppAction
  /** Who makes it, for the audit. */
  readonly by: string
  /** What exactly, for the audit: names and fingerprints, never a secret or its hash. */
  readonly detail: Readonly<Record<string, string>>
  /**
   * What becomes of the DevApp as the store has it at that moment; `undefined` stands for none, before and after. What it
   * throws ends the change, and nothing is stored.
   */
  readonly edit: (current: DevApp | undefined) => DevApp | undefined
}

/** Where DevApps are kept, as the command line sees and changes them. */
export interface DevAppStore {
  list(): Promise<readonly DevApp[]>
  find(id: string): Promise<DevApp | undefined>
  /** The DevApps that a leaf is attached to, by its SHA-256. */
  ownersOf(sha256: string): Promise<readonly DevApp[]>
  /**
   * Makes the change alone, after and before any other one, and resolves to what the DevApp is then, once it is stored for good.
   * Rejects with what `edit` throws, and with a RegistryError.
   */
  change(change: DevAppChange): Promise<DevApp | undefined>
  close(): Promise<void>
}

/** Why the store did not take a change, in words that name the cause and the cure. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
}
