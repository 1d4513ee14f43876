import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { ocspSchema } from '../config/ocsp_schema.ts'
import type { Certificate } from '../domain/certificate.ts'
import { AcceptedRoots, mozillaRoots } from '../intake/accepted_roots.ts'
import type { ChainRules } from '../intake/check_chain.ts'
import { letsEncrypt } from '../intake/refused_issuers.ts'
import { certificatesFromPem } from '../pki/certificate.ts'
import { revocationOptions } from '../revocation/configured.ts'
import { openRevocation } from '../revocation/open_revocation.ts'
import { bytesOfFile } from './certificate_file.ts'

export interface IntakeArguments {
  readonly at: Date
  /** PEM files, or folders of them: roots that are accepted beside those of the configuration. */
  readonly roots?: readonly string[]
  /** Whether the issuer is asked about revocation: it speaks of now. */
  readonly asks: boolean
}

/** What `checkChain` goes by; to be closed once it has. */
export interface Intake {
  readonly rules: ChainRules
  close(): Promise<void>
}

/**
 * The rules of intake as configured, or as they are without a configuration. Throws an Error that names the file with roots that cannot
 * be used, or the certificate of `ocsp.issuers`.
 */
export function intakeOptions(config: Config | undefined, { at, roots = [], asks }: IntakeArguments): Intake {
  const configured = config?.intake.acceptedRoots
  const own = [...(configured === undefined ? [] : [configured]), ...roots]
  const rules = {
    at,
    acceptedRoots: new AcceptedRoots([...mozillaRoots(), ...own.flatMap(rootsIn)]),
    refusedIssuers: config?.intake.refusedIssuers ?? letsEncrypt,
  }
  if (!asks) return { rules, close: async () => {} }
  const { statusOf, close } = liveRevocation(config?.ocsp ?? ocspSchema.parse({}))
  return { rules: { ...rules, statusOf }, close }
}

/** The certificates in a PEM file, or in those of a folder. */
function rootsIn(path: string): readonly Certificate[] {
  const files = isFolder(path)
    ? readdirSync(path)
        .filter((name) => /\.(pem|crt|cer)$/.test(name))
        .sort()
        .map((name) => join(path, name))
    : [path]
  return files.flatMap((file) => {
    const pem = bytesOfFile(file).toString('latin1')
    try {
      const roots = certificatesFromPem(pem)
      if (roots.length > 0) return roots
    } catch (cause) {
      throw new Error(`${file}: ${(cause as Error).message}`, { cause })
    }
    throw new Error(`${file}: there is no certificate in PEM in it`)
  })
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true

/** Asks the responders themselves, and waits as long as asking goes on: nobody's request waits here. */
function liveRevocation(ocsp: Config['ocsp']): {
  statusOf: NonNullable<ChainRules['statusOf']>
  close(): Promise<void>
} {
  const configured = revocationOptions({ ...ocsp, cache: { ...ocsp.cache, redis: undefined } }, () => {})
  const options = { ...configured, timeoutMs: configured.fetchTimeoutMs }
  let opened: ReturnType<typeof openRevocation> | undefined
  return {
    statusOf: (registered, at) => {
      opened ??= openRevocation(options, { clock: () => new Date(), ownersOf: () => [] })
      return opened.statusOf(registered, at)
    },
    close: async () => opened?.close(),
  }
}
