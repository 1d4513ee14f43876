import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Service {
  image?: string
  build?: string | { context: string; target?: string }
  command?: string | string[]
  volumes?: (string | { source: string; target: string; volume?: { subpath: string } })[]
}
const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
  services: Record<string, Service>
}
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')

/** Containers cannot run everywhere that the tests do: their steps are taken without them. */
describe('docker-compose.yml', function () {
  this.timeout(20_000)
  const folder = temporaryFolder('compose')

  before(() => {
    const [script = ''] = services['prepare']?.command ?? []
    const prepared = spawnSync(process.execPath, ['--import', 'tsx', script, folder.path], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(prepared.status, prepared.stderr).to.equal(0)
  })
  after(() => folder.remove())

  it('has Envoy, the service, Redis, a responder and an upstream', () => {
    expect(services).to.include.keys('envoy', 'authz', 'redis', 'responder', 'upstream')
  })

  it('mounts what is there', () => {
    const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes)
    const hostPaths = mounts.flatMap((mount) =>
      typeof mount === 'string' && mount.startsWith('./') ? [mount.split(':')[0] ?? ''] : [],
    )
    const subpaths = mounts.flatMap((mount) =>
      typeof mount === 'object' && mount.volume ? [mount.volume.subpath] : [],
    )
    expect(hostPaths).to.have.length.greaterThan(1)
    for (const path of hostPaths) expect(existsSync(join(root, path)), path).to.equal(true)
    expect(subpaths).to.have.length.greaterThan(0)
    for (const path of subpaths) expect(existsSync(join(folder.path, path)), path).to.equal(true)
  })

  it('builds stages that the Dockerfile has, from files that are there', () => {
    const targets = Object.values(services).flatMap(({ build }) =>
      typeof build === 'object' && build.target ? [build.target] : [],
    )
    for (const target of targets) expect(dockerfile).to.match(new RegExp(`^FROM .* AS ${target}$`, 'm'))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    )
    expect(copied).to.have.length.greaterThan(5)
    for (const source of copied) expect(existsSync(join(root, source)), source).to.equal(true)
  })

  it('runs the service with a configuration without problems', () => {
    const command = services['authz']?.command ?? []
    const config = String(command[command.indexOf('--config') + 1]).replace(/^\/demo/, folder.path)
    const checked = spawnSync(process.execPath, [join(root, 'dist', 'main.js'), 'check-config', config], {
      encoding: 'utf8',
    })
    expect(checked.stdout).to.include('holds no problem')
    expect(checked.status).to.equal(0)
  })

  it('gives the responder the files that it is told to read', () => {
    const words = String(services['responder']?.command).split(/\s+/)
    for (const option of ['-index', '-CA', '-rsigner', '-rkey']) {
      const file = words[words.indexOf(option) + 1] ?? ''
      expect(existsSync(join(folder.path, 'responder', file)), file).to.equal(true)
    }
  })
})
