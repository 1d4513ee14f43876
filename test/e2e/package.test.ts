import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { packInto } from '../support/packed.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
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

/** All that git has below a path, or that the build made: what a file system adds of its own does not count. */
const filesBelow = (path: string): string[] =>
  execFileSync(
    'git',
    ['ls-files', '--cached', '--others', ...(path.startsWith('dist/') ? [] : ['--exclude-standard']), '--', path],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
    .split('\n')
    .filter((file) => file !== '')

/** deployment_docs.test.ts installs it, and runs what was installed. */
describe('the npm package', function () {
  this.timeout(30_000)
  const folder = temporaryFolder('package')
  let paths: string[]

  before('pack it', () => {
    paths = packInto(folder.path).files.map(({ path }) => path)
  })
  after(() => folder.remove())

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
    // One that stands in two places is one component.
    const names = locked.map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`)
    expect(components.map(({ name, version }) => `${name}@${version}`)).to.have.members([...new Set(names)])
  })
})

interface Sbom {
  metadata: { component: { name: string } }
  components: { name: string; version: string }[]
}
interface Lock {
  packages: Record<string, { version: string; dev?: boolean }>
}
