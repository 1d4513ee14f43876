import { dirname } from 'node:path'
import type { Certificate, Psd2Role } from '../domain/certificate.ts'
import type { Qtsps, Withdrawals } from '../ports.ts'
import { WatchedFiles, type WatchedFilesOptions } from '../watched_files.ts'
import { AcceptedQtsps, certificateFilesIn } from './qtsps.ts'
import { WithdrawalList } from './withdrawals.ts'

export interface Psd2ListsOptions {
  /** Without one, no provider is accepted. */
  readonly qtspsFolder: string | undefined
  /** Without one, nothing is withdrawn. */
  readonly withdrawnFile: string | undefined
  /** `entries` is how many CAs or organizations the list names. */
  readonly onLoaded: (list: Psd2ListName, entries: number) => void
  readonly onRefused: (list: Psd2ListName, error: Error) => void
}

/** As the configuration calls them. */
export type Psd2ListName = 'qtsps' | 'psd2.withdrawn'

type Files<List> = Pick<WatchedFilesOptions<List>, 'folders' | 'paths' | 'parse'>

const nothing: ReadonlySet<Psd2Role> = new Set()

/** The lists that decisions about PSD2 rest on, each read again when it changes. */
export class Psd2Lists implements Qtsps, Withdrawals {
  #qtsps: WatchedFiles<AcceptedQtsps> | undefined
  #withdrawals: WatchedFiles<WithdrawalList> | undefined

  /** Throws where a list that is named cannot be read: nobody passes by a list that is not there. */
  constructor({ qtspsFolder, withdrawnFile, onLoaded, onRefused }: Psd2ListsOptions) {
    const follow = <List extends { readonly size: number }>(list: Psd2ListName, files: Files<List>) =>
      started(list, {
        ...files,
        onLoaded: ({ size }) => onLoaded(list, size),
        onRefused: (error) => onRefused(list, error),
      })
    if (qtspsFolder !== undefined)
      this.#qtsps = follow('qtsps', {
        folders: () => [dirname(qtspsFolder), qtspsFolder],
        paths: () => certificateFilesIn(qtspsFolder),
        parse: (files) => new AcceptedQtsps(files),
      })
    if (withdrawnFile === undefined) return
    try {
      this.#withdrawals = follow('psd2.withdrawn', {
        folders: () => [dirname(withdrawnFile)],
        paths: () => [withdrawnFile],
        parse: ([file]) => new WithdrawalList(file?.text ?? '', withdrawnFile),
      })
    } catch (error) {
      this.stop()
      throw error
    }
  }

  accepts(issuer: Certificate): boolean {
    return this.#qtsps?.value.accepts(issuer) ?? false
  }

  rolesOf(organizationIdentifier: string): ReadonlySet<Psd2Role> {
    return this.#withdrawals?.value.rolesOf(organizationIdentifier) ?? nothing
  }

  stop(): void {
    this.#qtsps?.stop()
    this.#withdrawals?.stop()
  }
}

function started<List>(list: Psd2ListName, options: WatchedFilesOptions<List>): WatchedFiles<List> {
  try {
    return new WatchedFiles(options)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${list}: ${reason}; devapp-authz check-config says how to mend it`, { cause })
  }
}
