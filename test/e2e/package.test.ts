import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { writeExample } from '../support/example_service.ts'
import { type Packed, packInto } from '../support/packed.ts'
import { startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  repository: { url: string }
  publishConfig: { provenance: boolean }
}

/** What the sources name by its place beside them and outside `src/`: a file, or a folder of which everything counts. */
function namedOutsideSource(): string[] {
  const source = join(root, 'src')
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(source, file), 'utf8')
      return [...text.matchAll(/new URL\('([^']+)', import\.meta\.url\)/g)].map(([, path = '']) =>
        relative(root, resolve(source, dirname(file), path)),
      )
    })
    .filter((path) => !path.startsWith('src/'))
}

/** All that git has below a path: what a file system adds of its own does not count. */
const filesBelow = (path: string): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', path], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((file) => file !== '')

describe('the npm package', function () {
  this.timeout(180_000)
  const folder = temporaryFolder('package')
  const installed = join(folder.path, 'installed')
  const config = join(folder.path, 'authz.yaml')
  let packed: Packed
  let paths: string[]

  before('pack it, and install what was packed into an empty folder', () => {
    packed = packInto(folder.path)
    paths = packed.files.map(({ path }) => path)
    writeExample(folder.path)
    mkdirSync(installed)
    const npm = spawnSync(
      'npm',
      ['install', '--omit=dev', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', installed, packed.tarball],
      { cwd: installed, encoding: 'utf8' },
    )
    expect(npm.status, npm.stderr).to.equal(0)
  })
  after(() => folder.remove())

  const program = (...args: string[]) =>
    spawnSync(join(installed, 'node_modules', '.bin', 'devapp-authz'), args, { cwd: folder.path, encoding: 'utf8' })
  const inPackage = (path: string) => join(installed, 'node_modules', 'devapp-authz', path)

  it('holds everything that the program reads from beside itself', () => {
    const named = namedOutsideSource()
    expect(named).to.include('proto')
    for (const path of named) {
      const needed = filesBelow(path)
      expect(needed, path).not.to.deep.equal([])
      expect(paths, path).to.include.members(needed)
    }
  })

  it('holds what its documentation refers to, and neither tests nor source maps', () => {
    expect(paths).to.include.members(['README.md', 'LICENSE', 'examples/authz.yaml', 'envoy/envoy.yaml'])
    expect(paths.filter((path) => /^(src|test|demo|bench|scripts)\/|\.(map|pem|key)$/.test(path))).to.deep.equal([])
  })

  it('needs no package that only building and testing need', () => {
    const there = readdirSync(join(installed, 'node_modules'))
    expect(there).to.include('zod')
    expect(there).not.to.include.members(['mocha'])
    expect(there).not.to.include.members(['typescript'])
  })

  it('says its version', () => {
    expect(program('--version').stdout).to.equal(`${manifest.version}\n`)
  })

  it('checks a configuration', () => {
    const checked = program('check-config', config)
    expect(checked.stdout).to.include('holds no problem')
    expect(checked.status, checked.stdout + checked.stderr).to.equal(0)
  })

  it('says how to run the service, and runs it', async () => {
    expect(program('serve', '--help').stdout).to.include('--config FILE')
    const service = await startService({ main: inPackage('dist/main.js'), config })
    expect(await service.stop()).to.equal(0)
  })

  it('can be published with its provenance', () => {
    expect(manifest.publishConfig.provenance).to.equal(true)
    expect(manifest.repository.url).to.match(/^git\+https:/)
  })
})

describe('npm run sbom', () => {
  it('lists what is installed beside the service, and nothing else', function () {
    this.timeout(20_000)
    const printed = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root, encoding: 'utf8' })
    const { metadata, components } = JSON.parse(printed) as Sbom
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock
    const locked = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true)
    expect(metadata.component.name).to.equal('devapp-authz')
    expect(components.map(({ name, version }) => `${name}@${version}`)).to.have.members(
      locked.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`),
    )
  })
})

interface Sbom {
  metadata: { component: { name: string } }
  components: { name: string; version: string }[]
}
interface Lock {
  packages: Record<string, { version: string; dev?: boolean }>
}
