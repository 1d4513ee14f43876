import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { readDockerfile, type Stage, saidBy } from '../support/dockerfile.ts'
import { writeExample } from '../support/example_service.ts'
import { GuardedProcess } from '../support/guarded_process.ts'
import { findHadolint } from '../support/packaging_tools.ts'
import { packInto } from '../support/packed.ts'
import { programOnPath, run } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  version: string
  license: string
  files: string[]
}
const stages = readDockerfile()
const image = stages.at(-1) as Stage
const stage = (name: string): Stage => stages.find((each) => each.name === name) as Stage

/** No container runs here: the same steps are taken in a folder, and the program runs as the same user without the right to write. */
describe('Dockerfile', function () {
  this.timeout(180_000)
  const folder = temporaryFolder('image')
  const [workFolder = ''] = saidBy(image, 'WORKDIR')
  const app = join(folder.path, workFolder)

  /** A RUN of the Dockerfile, in the folder that stands for the file system's root. */
  const take = (step: string) => {
    const { status, stderr } = spawnSync('sh', ['-ec', step.replaceAll('/tmp/', `${folder.path}/tmp/`)], {
      cwd: app,
      encoding: 'utf8',
    })
    expect(status, `${step}\n${stderr}`).to.equal(0)
  }

  before('take the steps of stage app', () => {
    const packages = join(folder.path, 'tmp')
    mkdirSync(app, { recursive: true })
    mkdirSync(packages)
    packInto(packages)
    const sbom = execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root })
    for (const file of ['package.json', 'package-lock.json'])
      writeFileSync(join(app, file), readFileSync(join(root, file)))
    writeFileSync(join(packages, 'sbom.cdx.json'), sbom)
    for (const step of saidBy(stage('app'), 'RUN')) take(step)
  })
  after(() => folder.remove())

  it('leaves hadolint nothing to say', () => {
    const { stdout, stderr, status } = spawnSync(findHadolint(console.error), ['--no-color', 'Dockerfile'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(stdout + stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('has every base from one line, with its full version', () => {
    const text = readFileSync(join(root, 'Dockerfile'), 'utf8')
    const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base)
    expect(text).to.match(/^ARG NODE=node:\d+\.\d+\.\d+-\w+-slim$/m)
    expect(bases.filter((base) => base !== '$' + '{NODE}')).to.deep.equal(['build'])
  })

  it('says what it holds, as package.json does', () => {
    const labels = saidBy(image, 'LABEL').join(' ')
    expect(labels).to.include(`org.opencontainers.image.version="${manifest.version}"`)
    expect(labels).to.include(`org.opencontainers.image.licenses="${manifest.license}"`)
  })

  it('runs as a user who is not root, whom Kubernetes can tell from root', () => {
    expect(saidBy(image, 'USER')).to.deep.equal(['1000:1000'])
  })

  it('holds the package, the locked dependencies without those for development, and their list', () => {
    expect(readdirSync(app)).to.include.members(['dist', 'proto', 'node_modules', 'LICENSE', 'sbom.cdx.json'])
    expect(existsSync(join(app, 'node_modules', 'zod'))).to.equal(true)
    for (const development of ['mocha', 'typescript', 'pkijs'])
      expect(existsSync(join(app, 'node_modules', development)), development).to.equal(false)
    const { components } = JSON.parse(readFileSync(join(app, 'sbom.cdx.json'), 'utf8')) as { components: unknown[] }
    expect(components).to.have.length.greaterThan(20)
  })

  it('asks the service whether it is ready', () => {
    expect(saidBy(image, 'HEALTHCHECK')[0]).to.match(/CMD \["devapp-authz", "health", "--config", "\S+"\]$/)
    expect(statSync(join(app, 'dist', 'main.js')).mode & 0o111).to.equal(0o111)
  })

  it('serves as that user, and writes nothing but its sockets', async function () {
    const setpriv = programOnPath('setpriv')
    // Only root may become somebody else.
    if (process.getuid?.() !== 0 || setpriv === undefined) return this.skip()
    const sockets = join(folder.path, 'run')
    mkdirSync(sockets)
    chownSync(sockets, 1000, 1000)
    const config = join(folder.path, 'etc')
    mkdirSync(config)
    writeExample(config, sockets)
    chmodSync(folder.path, 0o755)
    execFileSync('chmod', ['-R', 'go=rX', app, config])

    const service = await GuardedProcess.start({
      command: setpriv,
      args: [
        ...['--reuid=1000', '--regid=1000', '--clear-groups', '--no-new-privs', '--bounding-set=-all'],
        ...[process.execPath, join(app, 'dist', 'main.js'), 'serve', '--config', join(config, 'authz.yaml')],
      ],
      folder: '/',
    })
    await service.printed('it served', () => service.stdout.find((line) => line.includes('"serving"')))
    expect(readdirSync(sockets)).to.have.members(['authz.sock', 'admin.sock'])
    const status = run(process.execPath, [
      ...[join(app, 'dist', 'main.js'), 'ocsp', 'status', '--config', join(config, 'authz.yaml')],
    ])
    expect(status.ok, status.output).to.equal(true)
    expect(await service.stop()).to.equal(0)
    const written = execFileSync('find', [folder.path, '-user', '1000', '-not', '-type', 'd'], { encoding: 'utf8' })
    expect(written).to.equal('')
  })
})

describe('.dockerignore', () => {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const letThrough = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1))

  it('keeps out everything that it does not name', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))[0]).to.equal('*')
    for (const path of ['.git', 'node_modules', '.demo', '.envoy', 'test']) expect(letThrough).not.to.include(path)
  })

  it('lets everything in that the package is made of', () => {
    const built = ['dist', '!dist/**/*.map']
    expect(letThrough).to.include.members(manifest.files.filter((path) => !built.includes(path)))
    expect(letThrough).to.include.members(['src', 'scripts', 'tsconfig.json', 'package.json', 'package-lock.json'])
  })
})
