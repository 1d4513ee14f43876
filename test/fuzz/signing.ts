import type { IssuedCertificate } from '../support/pki.ts'
import { signer } from '../support/pki.ts'
import { encoded, type Node } from './mutators/der.ts'

/**
 * Signs anew what was changed: of a certificate, a CRL or a BasicOCSPResponse, the first element by the algorithm that stands
 * there, where `by` has such a key. A change then meets what looks at the contents, and not only the signature.
 */
export function signAnew(root: Node, by: Pick<IssuedCertificate, 'keyPair'>): void {
  const [signed, , signature] = root.children ?? []
  if (signed === undefined || signature === undefined) return
  const bits = Buffer.concat([Buffer.of(0), signer(by.keyPair.privateKey).sign(encoded(signed))])
  Object.assign(signature, { value: bits, children: undefined })
}

/** The BasicOCSPResponse inside an OCSPResponse (RFC 6960 4.2.1). */
export const basicResponseIn = (root: Node): Node | undefined =>
  root.children?.[1]?.children?.[0]?.children?.[1]?.children?.[0]
