import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesWithin, type GeneratedFile, root } from './generated_file.ts'

export const envoyTypesFolder = 'src/envoy/generated'

/** The options that `loadSync` gets in src/envoy/protos.ts: with others, messages would have other types. */
const options = [
  ...['--keepCase', '--longs', 'Number', '--enums', 'String', '--defaults', '--oneofs', '--includeDirs', 'proto'],
  ...['--grpcLib', '@grpc/grpc-js', '--importFileExtension', '.ts'],
]

const files = [
  'envoy/service/auth/v3/external_auth.proto',
  'envoy/service/secret/v3/sds.proto',
  'envoy/extensions/transport_sockets/tls/v3/secret.proto',
]

/** Made for each of `files`; where a file has no service, its imports are not used, and tsc refuses it. */
const withoutService = 'secret.ts'

/** TypeScript types of Envoy's external authorization, of its secret discovery, and of what they import, from `proto/`. */
export function envoyTypes(): readonly GeneratedFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'envoy-types-'))
  try {
    const generator = join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js')
    const { status, stderr } = spawnSync(process.execPath, [generator, ...options, '-O', folder, ...files], {
      cwd: root,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`proto-loader-gen-types failed: ${stderr}`)
    return filesWithin(folder)
      .filter((path) => path !== withoutService)
      .map((path) => ({ path: `${envoyTypesFolder}/${path}`, text: readFileSync(join(folder, path), 'utf8') }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
