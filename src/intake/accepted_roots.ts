import { rootCertificates } from 'node:tls'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificateFromPem, isSignedBy } from '../pki/certificate.ts'
import { hexOf } from '../pki/der_values.ts'
import { preparedNameText } from '../pki/name_match.ts'
import { readX509 } from '../pki/x509.ts'

/** Roots that chains may end in, by name and key: a CA that issues its root anew keeps both (RFC 4158 2.1). */
export class AcceptedRoots {
  readonly #roots: readonly Certificate[]
  readonly #namesAndKeys: ReadonlySet<string>

  constructor(roots: readonly Certificate[]) {
    this.#roots = roots
    this.#namesAndKeys = new Set(roots.map(nameAndKey))
  }

  has(root: Certificate): boolean {
    return this.#namesAndKeys.has(nameAndKey(root))
  }

  /** The accepted root that issued the certificate, where one did. */
  issuerOf(certificate: Certificate): Certificate | undefined {
    return this.#roots.find((root) => isSignedBy(certificate, root))
  }
}

function nameAndKey(root: Certificate): string {
  return `${preparedNameText(root.subjectDer)}/${hexOf(readX509(root.der).publicKeyInfo)}`
}

let mozilla: readonly Certificate[] | undefined

/** The roots of Mozilla that Node.js bundles, read once. */
export function mozillaRoots(): readonly Certificate[] {
  mozilla ??= rootCertificates.flatMap((pem) => {
    try {
      return [certificateFromPem(pem)]
    } catch (cause) {
      if (cause instanceof CertificateError) return []
      throw cause
    }
  })
  return mozilla
}
