import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Processes that work in `folder`, by their command lines. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return []
      }
    })
    .filter((commandLine) => commandLine.includes(folder))
}

describe('npm run demo', function () {
  this.timeout(60_000)

  /** The demo with a temporary folder of its own, in which everything that it leaves behind would be found. */
  function startDemo(...options: string[]) {
    const folder = temporaryFolder('demo')
    const demo = spawn(process.execPath, ['--import', 'tsx', 'demo/demo.ts', ...options], {
      cwd: root,
      env: { ...process.env, TMPDIR: folder.path },
    })
    let output = ''
    const printed = (text: string): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = () => output.includes(text) && resolve()
        demo.stdout.on('data', look)
        demo.once('exit', () => reject(new Error(`it exited before it printed '${text}':\n${output}`)))
        look()
      })
    for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (part) => (output += part))
    return { demo, folder, printed, output: () => output }
  }

  it('exits 0 when every row is as expected, and leaves nothing running and no file', async () => {
    const { demo, folder, output } = startDemo()
    const [code] = (await once(demo, 'exit')) as [number]
    expect(output()).to.match(/All \d+ rows are as expected/)
    expect(code).to.equal(0)
    expect(processesIn(folder.path)).to.deep.equal([])
    expect(readdirSync(folder.path).filter((name) => !name.startsWith('tsx-'))).to.deep.equal([])
    folder.remove()
  })

  it('stops all that it started on Ctrl-C', async () => {
    const { demo, folder, printed } = startDemo()
    await printed('HTTP Basic on the 1-way hostname')
    expect(processesIn(folder.path).join('\n'), 'what was running')
      .to.match(/envoy /)
      .and.match(/ serve /)
    const exit = once(demo, 'exit')
    demo.kill('SIGINT')
    const [code] = (await exit) as [number]
    expect(code).to.equal(130)
    expect(processesIn(folder.path)).to.deep.equal([])
    folder.remove()
  })
})
