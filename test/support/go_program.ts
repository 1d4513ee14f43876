import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Progress, programOnPath, run } from './program.ts'

const tools = fileURLToPath(new URL('../../.tools/go/', import.meta.url))

/** A program as `go install` takes it. */
export interface GoProgram {
  readonly name: string
  /** The import path of its main package. */
  readonly path: string
  readonly version: string
}

/**
 * The path of a program of that very version, which is built below `.tools/` on first use: Go's checksum database vouches for
 * the sources. Throws with what is missing and how to get it.
 */
export function findGoProgram({ name, path, version }: GoProgram, progress: Progress): string {
  const folder = join(tools, `${name}-${version}`)
  const binary = join(folder, name)
  if (existsSync(binary)) return binary
  if (programOnPath('go') === undefined)
    throw new Error(
      `${name} ${version} is built by Go, which is not here: install Go 1.26 or newer from https://go.dev/dl/.`,
    )
  progress(`Building ${name} ${version} with go install into .tools/, once; from nothing it takes minutes ...`)
  const { ok, output } = run('env', [`GOBIN=${folder}`, 'go', 'install', `${path}@${version}`])
  if (!ok) throw new Error(`${name} ${version} could not be built.\ngo install said:\n${output.slice(-2_000)}`)
  return binary
}

/** A module as `go mod download` takes it. */
export interface GoModule {
  readonly path: string
  readonly version: string
}

/**
 * The folder of a module's sources, in Go's own cache, of that very version: Go's checksum database vouches for them. Throws with
 * what is missing and how to get it.
 */
export function goModule({ path, version }: GoModule, progress: Progress): string {
  if (programOnPath('go') === undefined)
    throw new Error(`${path} ${version} is fetched by Go, which is not here: install it from https://go.dev/dl/.`)
  progress(`Fetching ${path} ${version} with go mod download, once ...`)
  // Outside of any module, so that none is changed.
  const { ok, output } = run('env', ['-C', tmpdir(), 'go', 'mod', 'download', '-json', `${path}@${version}`])
  const found = /"Dir": ("[^\n]*")/.exec(output)?.[1]
  if (!ok || found === undefined)
    throw new Error(`${path} ${version} could not be fetched.\ngo mod download said:\n${output.slice(-2_000)}`)
  return JSON.parse(found) as string
}
