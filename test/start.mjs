// npm test [-- MOCHA_OPTIONS]: sets up what a fresh machine lacks, then runs every test. Exits with mocha's code.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root, setUp } from '../scripts/set_up.mjs'

await setUp()
const node = (...args) => {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}
node('--import', 'tsx', 'test/support/find_servers.ts')
const own = process.argv.slice(2)
node(
  join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'),
  '--reporter',
  'test/support/reporter.cjs',
  ...(own.some((word) => !word.startsWith('-')) ? own : ['test/**/*.test.ts', ...own]),
)
