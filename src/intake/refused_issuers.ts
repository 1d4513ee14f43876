import { createHash } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import { DerError, readDer } from '../pki/der.ts'
import { readName, textsOf } from '../pki/name.ts'
import { preparedText } from '../pki/name_match.ts'
import { readX509 } from '../pki/x509.ts'

/** A CA whose certificates are not accepted, whatever it chains to. */
export type RefusedIssuer =
  /** Its name's organization (O), as RFC 5280 7.1 compares it. */
  | { readonly organization: string }
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex. */
  | { readonly keySha256: string }

/** Let's Encrypt: the names that its CAs bear, and the keys of its roots, which any cross-certificate has too. */
export const letsEncrypt: readonly RefusedIssuer[] = [
  { organization: "Let's Encrypt" },
  { organization: 'Internet Security Research Group' },
  { organization: 'ISRG' },
  // ISRG Root X1 and X2, Root YE and YR
  { keySha256: '0b9fa5a59eed715c26c1020c711b4f6ec42d58b0015e14337a39dad301c5afc3' },
  { keySha256: '762195c225586ee6c0237456e2107dc54f1efc21f61a792ebd515913cce68332' },
  { keySha256: 'b0292ae545978e0fbb98abbd94c861605e5b18bb32ed523f50d5b7b5c71d47bc' },
  { keySha256: '7e4e8838a8add6295de7ae3b047d3aba3488ab95db0a0aa56d897a00d8618bcf' },
]

/** Whether one of the refused issuers is this CA, or the one that its name or key says it is. */
export function isRefused(authority: Certificate, refused: readonly RefusedIssuer[]): boolean {
  const key = createHash('sha256').update(readX509(authority.der).publicKeyInfo).digest('hex')
  return (
    hasOrganization(authority.subjectDer, refused) ||
    refused.some((each) => 'keySha256' in each && each.keySha256 === key)
  )
}

/** Whether a Name in DER, hex, has the organization of one of the refused issuers. */
export function hasOrganization(name: string, refused: readonly RefusedIssuer[]): boolean {
  const organizations = organizationsIn(name).map(preparedText)
  return refused.some((each) => 'organization' in each && organizations.includes(preparedText(each.organization)))
}

function organizationsIn(name: string): readonly string[] {
  try {
    return textsOf(readName(readDer(Buffer.from(name, 'hex'))), '2.5.4.10', 'organizationName')
  } catch (cause) {
    if (cause instanceof DerError) return []
    throw cause
  }
}
