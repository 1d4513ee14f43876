import type { RegisteredCertificate } from '../domain/devapp.ts'

/** What is wrong, or worth knowing, about one certificate of a chain or about the file as a whole. */
export interface ChainFinding {
  /** From a closed set, never renamed. */
  readonly code: string
  /** Where the certificate stands in the file, from 1; `undefined` for what concerns the file as a whole. */
  readonly position: number | undefined
  readonly subject: string | undefined
  readonly message: string
  /** What to do about it, a sentence for the third party. */
  readonly cure: string
}

/** A finding for programs: a value that it does not have is null. */
export interface FindingDocument {
  readonly code: string
  readonly position: number | null
  readonly subject: string | null
  readonly message: string
  readonly cure: string
}

export function documentOfFinding({ code, position, subject, message, cure }: ChainFinding): FindingDocument {
  return { code, position: position ?? null, subject: subject ?? null, message, cure }
}

/** Everything found in a chain, at once. */
export interface ChainReport {
  readonly accepted: boolean
  readonly problems: readonly ChainFinding[]
  readonly warnings: readonly ChainFinding[]
  /** The chain in PEM in its right order, the leaf first and the root last, where one can be made of what the file holds. */
  readonly rightOrder: string | undefined
  /** What to attach, of an accepted chain. */
  readonly registered: RegisteredCertificate | undefined
}
