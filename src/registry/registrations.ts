import type { Certificate } from '../domain/certificate.ts'
import type { Registrations } from '../domain/near_miss.ts'
import { isSignedBy } from '../pki/certificate.ts'
import { readX509 } from '../pki/x509.ts'
import type { RegistrySnapshot } from './registry.ts'

/** A snapshot as near misses are looked for in it: one by one, some milliseconds for thousands. */
export function registrationsIn(snapshot: RegistrySnapshot): Registrations {
  return {
    byClientKey: (clientKey) => snapshot.byClientKey(clientKey),
    isIssuedBy: isSignedBy,
    haveSameKey: (one, other) => holdsKey(keyOf(one), other),
    alike: (leaf) => {
      const key = keyOf(leaf)
      return snapshot.certificates
        .filter(
          ({ leaf: registered }) =>
            registered.serialNumber === leaf.serialNumber ||
            registered.commonNames.some((name) => leaf.commonNames.includes(name)) ||
            holdsKey(key, registered),
        )
        .map((certificate) => ({ certificate, owners: snapshot.ownersOf(certificate) }))
    },
  }
}

/** The SubjectPublicKeyInfo. */
const keyOf = ({ der }: Certificate): Buffer => Buffer.from(readX509(der).publicKeyInfo)

/** Compares octets, which is far quicker than reading every certificate. */
const holdsKey = (key: Buffer, { der }: Certificate): boolean =>
  Buffer.from(der.buffer, der.byteOffset, der.byteLength).includes(key)
