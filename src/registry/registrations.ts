import type { Certificate } from '../domain/certificate.ts'
import type { Registrations } from '../domain/near_miss.ts'
import { isSignedBy } from '../pki/certificate.ts'
import { readX509 } from '../pki/x509.ts'
import type { RegistrySnapshot } from './registry.ts'

/** A snapshot as near misses are looked for in it: one by one, which is quick enough for one question. */
export function registrationsIn(snapshot: RegistrySnapshot): Registrations {
  return {
    byClientKey: (clientKey) => snapshot.byClientKey(clientKey),
    isIssuedBy: isSignedBy,
    haveSameKey: holdsKeyOf,
    alike: (leaf) =>
      snapshot.certificates
        .filter(
          (registered) =>
            registered.leaf.serialNumber === leaf.serialNumber ||
            registered.leaf.commonNames.some((name) => leaf.commonNames.includes(name)) ||
            holdsKeyOf(leaf, registered.leaf),
        )
        .map((certificate) => ({ certificate, owners: snapshot.ownersOf(certificate) })),
  }
}

/** Compares octets, which is far quicker than reading every certificate. */
function holdsKeyOf(leaf: Certificate, { der }: Certificate): boolean {
  const key = Buffer.from(readX509(leaf.der).publicKeyInfo)
  return Buffer.from(der.buffer, der.byteOffset, der.byteLength).includes(key)
}
