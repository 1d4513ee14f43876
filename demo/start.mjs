// npm run demo [-- --keep]: sets up what a fresh machine lacks, then runs the demo.
import { spawn } from 'node:child_process'
import { root, setUp } from '../scripts/set_up.mjs'

await setUp()
const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/demo.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
// Ctrl-C reaches the demo by itself, through the terminal: it stops what it started, then this one follows.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => demo.kill(signal))
demo.on('exit', (code) => process.exit(code ?? 1))
