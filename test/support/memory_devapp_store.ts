import type { DevApp } from '../../src/domain/devapp.ts'
import { type DevAppChange, type DevAppStore, RegistryError } from '../../src/registry/store.ts'

/** What the audit has of a change. */
export type AuditEntry = Omit<DevAppChange, 'edit'>

/** A store in memory, for tests of what stands above the port; the contract suite is for the real ones. */
export class MemoryDevAppStore implements DevAppStore {
  readonly audit: AuditEntry[] = []
  closed = 0
  #devApps: readonly DevApp[]

  constructor(devApps: readonly DevApp[] = []) {
    this.#devApps = devApps
  }

  async list(): Promise<readonly DevApp[]> {
    return this.#devApps
  }

  async find(id: string): Promise<DevApp | undefined> {
    return this.#devApps.find((devApp) => devApp.id === id)
  }

  async ownersOf(sha256: string): Promise<readonly DevApp[]> {
    return this.#devApps.filter(({ certificates }) => certificates.some(({ leaf }) => leaf.sha256 === sha256))
  }

  async change({ edit, ...entry }: DevAppChange): Promise<DevApp | undefined> {
    const edited = edit(await this.find(entry.id))
    const others = this.#devApps.filter(({ id }) => id !== entry.id)
    if (others.some(({ clientKey }) => clientKey === edited?.clientKey))
      throw new RegistryError('another DevApp has the ClientKey already; give each DevApp its own')
    this.#devApps = edited === undefined ? others : [...others, edited]
    this.audit.push(entry)
    return edited
  }

  async close(): Promise<void> {
    this.closed += 1
  }
}
