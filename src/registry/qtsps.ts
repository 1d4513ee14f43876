import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificatesFromPem, publicKeyOf } from '../pki/certificate.ts'
import type { Qtsps } from '../ports.ts'
import type { FileText } from '../watched_files.ts'

/** The `.pem`, `.crt` and `.cer` files of a folder. Throws where there is no folder. */
export function certificateFilesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((file) => /\.(pem|crt|cer)$/.test(file))
    .map((file) => join(folder, file))
}

/** The issuing CAs of qualified trust service providers that the operator accepts: by subject and key. */
export class AcceptedQtsps implements Qtsps {
  readonly #accepted: ReadonlySet<string>

  /** Throws an Error that names the file that cannot be used. */
  constructor(files: readonly FileText[]) {
    this.#accepted = new Set(files.flatMap(authoritiesIn))
  }

  get size(): number {
    return this.#accepted.size
  }

  accepts(issuer: Certificate): boolean {
    return this.#accepted.has(nameAndKey(issuer))
  }
}

/** Names and keys of the certificates in a file. */
function authoritiesIn({ path, text }: FileText): readonly string[] {
  try {
    const authorities = certificatesFromPem(text)
    if (authorities.length === 0) throw new CertificateError('it holds no certificate in PEM')
    return authorities.map(nameAndKey)
  } catch (cause) {
    if (!(cause instanceof CertificateError)) throw cause
    throw new Error(`${path}: ${cause.message}`, { cause })
  }
}

/** A CA that renews its certificate keeps both (RFC 4158 2.1), and it is the key that signs. */
function nameAndKey(authority: Certificate): string {
  const key = publicKeyOf(authority).export({ type: 'spki', format: 'der' })
  return `${authority.subjectDer}/${key.toString('hex')}`
}
