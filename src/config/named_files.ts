import { resolve } from 'node:path'
import { consoleSchema } from './console_schema.ts'
import { valueAt } from './document.ts'
import { intakeSchema } from './intake_schema.ts'
import { issuerSchema } from './ocsp_schema.ts'
import { postgresSchema, postgresTlsSchema } from './postgres_schema.ts'
import { tlsSchema } from './redis_schema.ts'
import { items, readable } from './rule.ts'
import { configSchema, psd2ListsSchema, registrySchema } from './schema.ts'

/** What a configuration says is there beside it. */
export interface NamedFile {
  readonly path: readonly PropertyKey[]
  readonly holds:
    | 'devapps'
    | 'password'
    | 'key'
    | 'withdrawals'
    | 'certificates'
    | 'folder_of_certificates'
    | 'certificates_or_folder'
  /** Absolute. */
  readonly file: string
}

/** The files and folders that a configuration names, as far as it can be read; relative ones start at `folder`. */
export function namedFiles(file: unknown, folder: string): readonly NamedFile[] {
  const named = (path: PropertyKey[], holds: NamedFile['holds'], name: string | undefined): NamedFile[] =>
    name === undefined ? [] : [{ path, holds, file: resolve(folder, name) }]
  const issuers = items(valueAt(file, ['ocsp', 'issuers'])).flatMap((written, index) => {
    const { certificate, responder_certificate } = readable(issuerSchema, written)
    const path = ['ocsp', 'issuers', index]
    return [
      ...named([...path, 'certificate'], 'certificates', certificate),
      ...named([...path, 'responder_certificate'], 'certificates', responder_certificate),
    ]
  })
  const tlsPath = ['ocsp', 'cache', 'redis', 'tls']
  const tls = readable(tlsSchema, valueAt(file, tlsPath))
  const consoleTlsPath = ['console', 'tls']
  const consoleTls = readable(consoleSchema.shape.tls.unwrap(), valueAt(file, consoleTlsPath))
  const postgresPath = ['registry', 'postgres']
  const postgresTlsPath = [...postgresPath, 'tls']
  const postgresTls = readable(postgresTlsSchema, valueAt(file, postgresTlsPath))
  return [
    ...named(['registry', 'file'], 'devapps', readable(registrySchema, valueAt(file, ['registry'])).file),
    ...named(
      [...postgresPath, 'password_file'],
      'password',
      readable(postgresSchema, valueAt(file, postgresPath)).password_file,
    ),
    ...named([...postgresTlsPath, 'ca'], 'certificates', postgresTls.ca),
    ...named([...postgresTlsPath, 'certificate'], 'certificates', postgresTls.certificate),
    ...named(['qtsps'], 'folder_of_certificates', readable(configSchema, file).qtsps),
    ...named(['psd2', 'withdrawn'], 'withdrawals', readable(psd2ListsSchema, valueAt(file, ['psd2'])).withdrawn),
    ...named(
      ['intake', 'accepted_roots'],
      'certificates_or_folder',
      readable(intakeSchema, valueAt(file, ['intake'])).accepted_roots,
    ),
    ...named([...consoleTlsPath, 'certificate'], 'certificates', consoleTls.certificate),
    ...named([...consoleTlsPath, 'key'], 'key', consoleTls.key),
    ...issuers,
    ...named([...tlsPath, 'ca'], 'certificates', tls.ca),
    ...named([...tlsPath, 'certificate'], 'certificates', tls.certificate),
  ]
}
