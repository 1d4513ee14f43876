import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { z } from 'zod'
import { AdminClient, type AdminError } from '../../src/admin/admin_client.ts'
import { CheckClient } from '../support/check_client.ts'
import { GuardedProcess } from '../support/guarded_process.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

describe('a service of several workers', function () {
  // Each process takes a second to start, on a busy machine several.
  this.timeout(60_000)
  const folder = temporaryFolder('workers')
  const at = (name: string): string => join(folder.path, name)
  const configure = (policy: string): void =>
    writeFileSync(
      at('authz.yaml'),
      [
        `listen: unix:${at('authz.sock')}`,
        `admin: unix:${at('admin.sock')}`,
        'workers: 2',
        'hostnames: { mtls: [api.example.com], tls: [api2.example.com] }',
        `policies: { ${policy}: { channel: mtls, require: [certificate] } }`,
        'registry: { file: devapps.yaml }',
      ].join('\n'),
    )
  let service: GuardedProcess
  const lines = (): Readonly<Record<string, unknown>>[] =>
    service.stdout.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line))
  const logged = (what: string, matches: (line: Readonly<Record<string, unknown>>) => boolean) =>
    service.printed(what, () => lines().find(matches))
  const start = async (): Promise<void> => {
    service = await GuardedProcess.start({
      command: process.execPath,
      args: [main, 'serve', '--config', at('authz.yaml')],
    })
    await logged('all serve', (line) => line['msg'] === 'serving' && line['workers'] !== undefined)
  }
  const codeOf = async (worker: number, policy = 'data'): Promise<string> => {
    const client = new CheckClient(`unix:${at(`authz-${worker}.sock`)}`)
    try {
      return await client.ask({ policy })
    } finally {
      client.close()
    }
  }
  const missing = async (): Promise<string | undefined> => {
    try {
      await new AdminClient(`unix:${at('admin.sock')}`).ask({ method: 'GET', path: '/readyz' }, z.unknown())
      return undefined
    } catch (error) {
      return (error as AdminError).detail
    }
  }
  /** The processes that a process has begun. */
  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    const endMs = performance.now() + 20_000
    while (!(await holds())) {
      if (performance.now() > endMs) throw new Error(`not in time: ${what}\n${service.output}`)
      await pause(20)
    }
  }

  before(() => writeFileSync(at('devapps.yaml'), 'devapps: []\n'))
  beforeEach(async () => {
    configure('data')
    await start()
  })
  afterEach(() => service.stop())
  after(() => folder.remove())

  it('answers on a socket of each, and is ready when all are', async () => {
    expect(await Promise.all([0, 1].map((worker) => codeOf(worker)))).to.deep.equal(['cert_missing', 'cert_missing'])
    expect(await missing()).to.equal(undefined)
    expect(existsSync(at('authz.sock'))).to.equal(false)
  })

  it('starts a worker again that was killed, says meanwhile that it is away, and goes on with the other', async () => {
    const [first = 0] = childrenOf(service.pid)
    process.kill(first, 'SIGKILL')
    await logged('it is told', (line) => line['msg'] === 'a worker ended, and is started again')
    expect(await missing()).to.match(/^worker [01]: /)
    const answered = await Promise.allSettled([0, 1].map((worker) => codeOf(worker)))
    expect(answered.some((each) => each.status === 'fulfilled')).to.equal(true)
    await until('it is back', async () => (await missing()) === undefined)
    expect(await Promise.all([0, 1].map((worker) => codeOf(worker)))).to.deep.equal(['cert_missing', 'cert_missing'])
  })

  it('takes over another configuration in all', async () => {
    configure('other')
    service.signal('SIGHUP')
    await until('both know the other policy', async () =>
      (await Promise.all([0, 1].map((worker) => codeOf(worker, 'other')))).every((code) => code === 'cert_missing'),
    )
  })

  it('ends as a whole, and well', async () => {
    expect(await service.stop()).to.equal(0)
    expect(lines().filter((line) => line['msg'] === 'stopped')).to.have.length(3)
  })

  it('leaves no worker behind when the supervisor is killed', async () => {
    const workers = childrenOf(service.pid)
    expect(workers).to.have.length(2)
    await service.stop('SIGKILL')
    await until('they are gone', () => workers.every((pid) => !existsSync(`/proc/${pid}`)))
  })

  it('does not begin where a worker cannot, and says why once for each', async () => {
    await service.stop()
    writeFileSync(at('authz-1.sock'), 'no socket')
    const failing = await GuardedProcess.start({
      command: process.execPath,
      args: [main, 'serve', '--config', at('authz.yaml')],
    })
    await until('it ends', () => failing.exited)
    rmSync(at('authz-1.sock'))
    expect(failing.output).to.include('authz-1.sock is in the way').and.to.include('worker 1 ended before it served')
    expect(await failing.stop()).not.to.equal(0)
  })
})
