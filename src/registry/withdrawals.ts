import { findingsOf, readDocument } from '../config/document.ts'
import { byLine, DocumentError } from '../config/problem.ts'
import { keys, list, oneOf, someOf, text } from '../config/values.ts'
import { type Psd2Role, psd2Roles } from '../domain/certificate.ts'
import { foldedIdentifier } from '../domain/organization_identifier.ts'
import type { Withdrawals } from '../ports.ts'

// A blank one would be that of every certificate without an identifier.
const identifier = text.refine((written) => foldedIdentifier(written) !== '', {
  error: 'it is blank',
  params: { cure: 'write it as in the certificate, which devapp-authz cert show prints' },
})
const entrySchema = keys({ organization_identifier: identifier, roles: someOf(oneOf(psd2Roles)).optional() })

const nothing: ReadonlySet<Psd2Role> = new Set()

/** PSD2 authorisations that were withdrawn while the certificates are still valid, by organizationIdentifier. */
export class WithdrawalList implements Withdrawals {
  readonly #rolesByIdentifier = new Map<string, Set<Psd2Role>>()

  /**
   * Reads a YAML list: each entry has an `organization_identifier`, as in the certificate, and the `roles` withdrawn, which
   * are all where none are named. Two entries of one organization add up. Throws a DocumentError that names every problem;
   * `name` is what the file is called there.
   */
  constructor(yaml: string, name: string) {
    const document = readDocument(yaml)
    if (document.problems.length > 0) throw new DocumentError(name, document.problems)
    const parsed = list(entrySchema).safeParse(document.value)
    if (!parsed.success) {
      const findings = findingsOf(parsed.error, Object.keys(entrySchema.shape))
      throw new DocumentError(name, byLine(findings.map(document.located)))
    }
    for (const { organization_identifier, roles = psd2Roles } of parsed.data) {
      const identifier = foldedIdentifier(organization_identifier)
      this.#rolesByIdentifier.set(identifier, new Set([...this.rolesOf(identifier), ...roles]))
    }
  }

  /** How many organizations it names. */
  get size(): number {
    return this.#rolesByIdentifier.size
  }

  rolesOf(organizationIdentifier: string): ReadonlySet<Psd2Role> {
    return this.#rolesByIdentifier.get(foldedIdentifier(organizationIdentifier)) ?? nothing
  }
}
