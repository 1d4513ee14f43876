import { basename } from 'node:path'
import type { Config } from '../config/config.ts'
import type { Certificate } from '../domain/certificate.ts'
import type { Registrations } from '../domain/near_miss.ts'
import { isSignedBy } from '../pki/certificate.ts'
import { readX509 } from '../pki/x509.ts'
import { FileStore } from '../registry/file_store.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'

/** The DevApps that the configuration's registry holds now, and what is said of the reading. */
export interface RegisteredNow {
  /** `undefined` where the registry cannot be read. */
  readonly snapshot: RegistrySnapshot | undefined
  readonly said: string
}

/** Reads the registry once, as the service reads it. Never rejects. */
export async function registeredNow({ registryFile }: Config): Promise<RegisteredNow> {
  const refused: Error[] = []
  const source = new FileStore(registryFile, { onLoaded: () => {}, onRefused: (error) => void refused.push(error) })
  await source.reload()
  const snapshot = source.snapshot()
  source.stop()
  const said =
    snapshot === undefined ? refused[0]?.message : `${basename(registryFile)}: ${snapshot.devApps.length} DevApps`
  return { snapshot, said: said ?? 'nothing was read' }
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
