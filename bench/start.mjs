// npm run bench:...: sets up what a fresh machine lacks, then runs the bench that is named.
import { spawnSync } from 'node:child_process'
import { root, setUp } from '../scripts/set_up.mjs'

await setUp()
const { status } = spawnSync(process.execPath, ['--import', 'tsx', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
