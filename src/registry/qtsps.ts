import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, certificatesFromPem, publicKeyOf } from '../pki/certificate.ts'
import type { Qtsps } from '../ports.ts'

/** The issuing CAs of qualified trust service providers that the operator accepts: by subject and key. */
export class QtspFolder implements Qtsps {
  readonly #accepted: ReadonlySet<string>

  /** Reads every `.pem`, `.crt` and `.cer` file; throws an Error that names the one that cannot be used. */
  constructor(folder: string) {
    const files = readdirSync(folder).filter((file) => /\.(pem|crt|cer)$/.test(file))
    this.#accepted = new Set(files.flatMap((file) => authoritiesIn(join(folder, file))))
  }

  accepts(issuer: Certificate): boolean {
    return this.#accepted.has(nameAndKey(issuer))
  }
}

/** Names and keys of the certificates in a file. */
function authoritiesIn(path: string): readonly string[] {
  try {
    const authorities = certificatesFromPem(readFileSync(path, 'utf8'))
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
