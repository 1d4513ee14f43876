import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
}
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly devDependencies: Readonly<Record<string, string>>
  readonly allowScripts: Readonly<Record<string, boolean>>
}
const lockfile = JSON.parse(read('package-lock.json')) as { readonly packages: Readonly<Record<string, Package>> }
const locked = Object.entries(lockfile.packages).filter(([path]) => path !== '')

/** The names in the first column of the table under a heading. */
function listed(heading: string): readonly string[] {
  const [, section = ''] = new RegExp(`^## ${heading}$([\\s\\S]*?)^## `, 'm').exec(read('docs/dependencies.md')) ?? []
  return [...section.matchAll(/^\| `([^`]+)` \| \S.*\|$/gm)].map(([, name = '']) => name)
}

describe('what is installed', () => {
  it('is pinned by a hash, each package, and comes from the npm registry', () => {
    expect(locked.length).to.be.greaterThan(100)
    const unpinned = locked.filter(([, { integrity, link }]) => link === true || !/^sha512-/.test(integrity ?? ''))
    expect(unpinned.map(([path]) => path)).to.deep.equal([])
    // Where nothing is said, it is the registry that npm is told of; a repository or a URL would stand here.
    const elsewhere = locked.filter(
      ([, { resolved = 'https://registry.npmjs.org/' }]) => !resolved.startsWith('https://registry.npmjs.org/'),
    )
    expect(elsewhere.map(([path]) => path)).to.deep.equal([])
  })

  it('is asked for in exact versions', () => {
    const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    expect(asked.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).to.deep.equal([])
    for (const [name, version] of asked)
      expect(lockfile.packages[`node_modules/${name}`]?.version, name).to.equal(version)
  })

  it('has its reason in docs/dependencies.md, each package', () => {
    expect(listed('In production')).to.deep.equal(Object.keys(manifest.dependencies))
    expect(listed('For building and testing')).to.deep.equal(Object.keys(manifest.devDependencies))
  })

  it('is imported somewhere, each package of production', () => {
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    const sources = files.map((file) => read(join('src', file))).join('\n')
    const unused = Object.keys(manifest.dependencies).filter(
      (name) => !sources.includes(`'${name}'`) && !sources.includes(`'${name}/`),
    )
    expect(unused).to.deep.equal([])
  })

  it('runs no script of its own', () => {
    const withScripts = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const names = withScripts.map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(names.filter((name) => manifest.allowScripts[name] !== false)).to.deep.equal([])
    expect(Object.values(manifest.allowScripts)).to.not.include(true)
    for (const file of ['Dockerfile', 'docs/deployment.md', 'README.md'])
      for (const [line] of read(file).matchAll(/npm (?:ci|install)\b.*/g))
        expect(line, file).to.include('--ignore-scripts')
    expect(read('scripts/set_up.mjs')).to.match(/'ci',\s+'--ignore-scripts'/)
  })
})

describe('a secret', () => {
  /** Options of parseArgs: `secret: { type: 'string' }`, `'old-valid-for': { type: 'string' }`. */
  const options = readdirSync(join(root, 'src', 'cli'))
    .flatMap((file) => [
      ...read(join('src', 'cli', file)).matchAll(/(?:^|[{,]\s*)'?([a-z][\w-]*)'?: \{\s*type: 'string'/gm),
    ])
    .map(([, name = '']) => name)

  it('is no option of a command: arguments are seen by every user of the host', () => {
    expect(options).to.include('old-valid-for')
    const suspicious = options.filter((name) => /secret|password|token|credential|private|url$/i.test(name))
    // That of the request which `sign` makes, not of a database.
    expect(suspicious).to.deep.equal(['url'])
  })
})
