// Brings a fresh checkout to where the project's own TypeScript can run: the right Node, the dependencies, the build.
// Plain JavaScript on Node's own modules, since nothing else is there yet.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleConsole } from './bundle_console.mjs'

export const root = fileURLToPath(new URL('..', import.meta.url))
const oldest = [20, 19]

/** Exits with a sentence that says what is missing and how to get it. */
function fail(sentence) {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

function run(what, command, args) {
  process.stderr.write(`${what} ...\n`)
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' })
  if (error !== undefined) fail(`${what} failed: ${command} could not be started (${error.message}).`)
  if (status !== 0) fail(`${what} failed:\n${stdout}${stderr}`)
}

/** Runs a program of the project with what this process got: its streams and its signals. Resolves to its exit code. */
export async function setUp() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    fail(
      `Node ${process.versions.node} is too old: install Node ${oldest.join('.')} or newer, from https://nodejs.org/.`,
    )

  const installed = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs)
    run('Installing the dependencies (npm ci)', process.platform === 'win32' ? 'npm.cmd' : 'npm', [
      'ci',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ])

  rmSync(join(root, 'dist'), { recursive: true, force: true })
  run('Building', process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'])
  await bundleConsole(root)
}
