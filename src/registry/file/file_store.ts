import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import { LaterReading } from '../../later_reading.ts'
import { ChainVerification } from '../chain_verification.ts'
import { RegistrySnapshot } from '../registry.ts'
import type { Freshness, RegistryObserver, RegistrySource } from '../store.ts'
import { DevAppsReader } from './devapps_reader.ts'
import { type FileIdentity, sameFile } from './file_replacement.ts'
import { withRegistryBytes } from './registry_bytes.ts'

/** An editor writes in several steps, and a Kubernetes volume swaps several links: look once they are through. */
const settleMs = 50
/** Within this time a file system may give two changes the same time. */
const clockTickMs = 100

/**
 * DevApps from a YAML file, read at start and whenever it changes. A file that does not hold up is refused as a whole, and
 * the last good one stays in force. Of a file with more than some thousand certificates, the signatures are verified after it was
 * first read; those of a change always before.
 */
export class FileStore implements RegistrySource {
  readonly #path: string
  readonly #observer: RegistryObserver
  readonly #reader = new DevAppsReader()
  readonly #verification: ChainVerification
  #snapshot: RegistrySnapshot | undefined
  /** Whether the last reading found it right, and when one did. */
  #isRight = false
  #rightAt: Date | undefined
  /** In the order of the file. */
  #devApps: readonly DevApp[] = []
  /** The file that was read; `undefined` where it has to be read again in any case. */
  #seen: FileIdentity | undefined
  #watcher: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #reading: Promise<void> = Promise.resolve()
  /** What was told of it last. */
  #refused: string | undefined
  readonly #later = new LaterReading(() => this.#queue(() => this.#read(true)))

  constructor(path: string, observer: RegistryObserver) {
    this.#path = path
    this.#observer = observer
    this.#verification = new ChainVerification((certificate, reason) => this.#tellBroken(certificate, reason))
  }

  snapshot(): RegistrySnapshot | undefined {
    return this.#snapshot
  }

  freshness(): Freshness {
    // A file that is watched, and was right, is what it was.
    return { connected: this.#isRight, asOf: this.#isRight ? new Date() : this.#rightAt }
  }

  /** Watches the file and reads it. Resolves after the first reading, whatever came of it; rejects where its folder is not there. */
  async start(): Promise<void> {
    // The folder, since a file that is replaced, or a link that is swapped, takes its own watch with it.
    this.#watcher = watch(dirname(this.#path), () => this.#changed())
    this.#watcher.on('error', (error) => this.#observer.onRefused(error))
    await this.reload()
  }

  /** Reads the file now, after any reading under way. Never rejects: the observer is told. */
  reload(): Promise<void> {
    return this.#queue(() => this.#read())
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#later.done()
    this.#watcher?.close()
    this.#verification.stop()
  }

  #changed(): void {
    // Not put off by the next change: other files of the folder may change all the time.
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.reload()
    }, settleMs)
  }

  #queue(read: () => Promise<void>): Promise<void> {
    this.#reading = this.#reading.then(read)
    return this.#reading
  }

  /** What is read again by itself, and fails in the same way, was told before. */
  async #read(isAgain = false): Promise<void> {
    const at = new Date()
    try {
      await this.#takeOver()
      this.#isRight = true
      this.#rightAt = at
      this.#refused = undefined
      this.#later.done()
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause))
      this.#isRight = false
      this.#later.failed(error)
      if (isAgain && error.message === this.#refused) return
      this.#refused = error.message
      this.#observer.onRefused(error)
    }
  }

  async #takeOver(): Promise<void> {
    const file = await stat(this.#path, { bigint: true })
    if (this.#seen !== undefined && sameFile(file, this.#seen)) return
    this.#seen = undefined
    const { devApps, unverified } = await withRegistryBytes(this.#path, (bytes) => this.#reader.read(bytes))
    this.#seen = Date.now() - Number(file.ctimeNs / 1_000_000n) > clockTickMs ? file : undefined
    const snapshot = this.#snapshotOf(devApps)
    if (snapshot === this.#snapshot) return
    this.#verification.expect(unverified)
    this.#snapshot = snapshot
    this.#observer.onLoaded(snapshot)
  }

  /** The same snapshot where nothing has changed. */
  #snapshotOf(devApps: readonly DevApp[]): RegistrySnapshot {
    const before = this.#snapshot
    const { from, to, fromEnd } = difference(this.#devApps, devApps)
    const gone = this.#devApps.slice(from, to)
    const changed = devApps.slice(from, devApps.length - fromEnd)
    this.#devApps = devApps
    if (before === undefined) return new RegistrySnapshot(devApps, this.#verification.holds)
    if (gone.length === 0 && changed.length === 0) return before
    const ids = new Set(changed.map(({ id }) => id))
    const kept = new Set(gone)
    return before.with(
      changed.filter((devApp) => !kept.has(devApp)),
      new Set(gone.map(({ id }) => id).filter((id) => !ids.has(id))),
    )
  }

  #tellBroken(certificate: RegisteredCertificate, reason: string): void {
    const devApps = this.#snapshot?.ownersOf(certificate).map(({ id }) => id) ?? []
    this.#observer.onBroken?.({ sha256: certificate.leaf.sha256, devApps, reason })
  }
}

/** Where two lists differ: what they begin with and end with is the same. */
function difference<Value>(
  before: readonly Value[],
  after: readonly Value[],
): { readonly from: number; readonly to: number; readonly fromEnd: number } {
  const shorter = Math.min(before.length, after.length)
  let from = 0
  while (from < shorter && before[from] === after[from]) from++
  let fromEnd = 0
  while (fromEnd < shorter - from && before.at(-1 - fromEnd) === after.at(-1 - fromEnd)) fromEnd++
  return { from, to: before.length - fromEnd, fromEnd }
}
