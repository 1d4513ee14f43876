import { basename } from 'node:path'
import type { Config } from '../config/config.ts'
import { nameOfPostgres } from '../config/postgres_schema.ts'
import { DocumentError } from '../config/problem.ts'
import type { Certificate } from '../domain/certificate.ts'
import type { Registrations } from '../domain/near_miss.ts'
import { isSignedBy } from '../pki/certificate.ts'
import { readX509 } from '../pki/x509.ts'
import { registeredDevApps } from '../registry/open_registry.ts'
import { RegistrySnapshot } from '../registry/registry.ts'

/** The DevApps that the configuration's registry holds now, and what is said of the reading. */
export interface RegisteredNow {
  /** `undefined` where the registry cannot be read. */
  readonly snapshot: RegistrySnapshot | undefined
  readonly said: string
}

/** Reads the registry once. Never rejects. */
export async function registeredNow({ registry }: Config): Promise<RegisteredNow> {
  try {
    const snapshot = new RegistrySnapshot(await registeredDevApps(registry))
    const name = registry.kind === 'file' ? basename(registry.path) : nameOfPostgres(registry)
    return { snapshot, said: `${name}: ${snapshot.devApps.length} DevApps` }
  } catch (error) {
    const { message, cause } = error as Error
    return { snapshot: undefined, said: cause instanceof DocumentError ? cause.message : message }
  }
}

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
