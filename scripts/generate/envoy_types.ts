import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesWithin, type GeneratedFile, root } from './generated_file.ts'

export const envoyTypesFolder = 'src/envoy/generated'

/** The options that `loadSync` gets in src/envoy/server.ts: with others, messages would have other types. */
const options = [
  ...['--keepCase', '--longs', 'Number', '--enums', 'String', '--defaults', '--oneofs', '--includeDirs', 'proto'],
  ...['--grpcLib', '@grpc/grpc-js', '--importFileExtension', '.ts', 'envoy/service/auth/v3/external_auth.proto'],
]

/** TypeScript types of Envoy's auth v3 and of what it imports, from `proto/`. */
export function envoyTypes(): readonly GeneratedFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'envoy-types-'))
  try {
    const generator = join(root, 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js')
    const { status, stderr } = spawnSync(process.execPath, [generator, ...options, '-O', folder], {
      cwd: root,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`proto-loader-gen-types failed: ${stderr}`)
    return filesWithin(folder).map((path) => ({
      path: `${envoyTypesFolder}/${path}`,
      text: readFileSync(join(folder, path), 'utf8'),
    }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
