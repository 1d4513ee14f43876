import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse } from 'yaml'
import { type Block, blocksOf } from '../support/documented.ts'
import { writeExample } from '../support/example_service.ts'
import { findHelm, findKubeconform, kubernetesSchemas } from '../support/packaging_tools.ts'
import { packInto } from '../support/packed.ts'
import { run } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const blocks = blocksOf('docs/deployment.md')
const ofLanguage = (language: string): Block[] => blocks.filter((block) => block.language === language)
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }

/**
 * Every command of the page, in its order, in a folder that stands for the file system's root. Of what only a real host or
 * cluster has, systemctl and the like, it is noted that it was called.
 */
describe('docs/deployment.md', function () {
  this.timeout(180_000)
  const folder = temporaryFolder('deployment')
  const path = (...names: string[]) => join(folder.path, ...names)
  const inFolder = (text: string): string => text.replace(/(^|[\s=])\/(opt|etc|usr)\//gm, `$1${folder.path}/$2/`)

  before('lay out what the commands are given', function () {
    this.timeout(900_000)
    for (const name of ['work', 'stand-ins', 'etc/devapp-authz', 'usr/local/bin', 'opt/devapp-authz'])
      mkdirSync(path(name), { recursive: true })
    const { tarball } = packInto(path('work'))
    renameSync(tarball, path('work', `devapp-authz-${version}.tgz`))
    symlinkSync(join(root, 'deploy'), path('work', 'deploy'))
    writeExample(path('etc/devapp-authz'))
    writeFileSync(path('work', 'values.yaml'), ofLanguage('yaml')[0]?.text ?? '')
    for (const name of ['systemctl', 'systemd-sysusers', 'systemd-tmpfiles'])
      standIn(name, `echo "${name} $*" >> "$CALLS"`)
    // Renders what it would install.
    standIn(
      'helm',
      `[ "$1 $2" = 'upgrade --install' ] && shift 2 && exec ${findHelm(console.error)} template "$@" --kube-version 1.37.0`,
    )
  })
  after(() => folder.remove())

  const standIn = (name: string, script: string) =>
    writeFileSync(path('stand-ins', name), `#!/bin/sh\nset -eu\n${script}\n`, { mode: 0o755 })

  /** One block, as a person would paste it into a shell that stops at the first failure. */
  const take = ({ text }: Block) =>
    spawnSync('sh', ['-euc', inFolder(text)], {
      cwd: path('work'),
      encoding: 'utf8',
      env: {
        ...process.env,
        PATH: [path('stand-ins'), path('usr/local/bin'), process.env['PATH']].join(delimiter),
        CALLS: path('calls'),
        npm_config_prefer_offline: 'true',
      },
    })

  it('gives commands that work, in the order in which they stand', () => {
    expect(ofLanguage('sh')).to.have.length.greaterThan(4)
    for (const block of ofLanguage('sh')) {
      const { status, stdout, stderr } = take(block)
      expect(status, `${block.text}\n${stdout}\n${stderr}`).to.equal(0)
    }
  })

  it('leaves a host on which the unit finds its program and its configuration', () => {
    const unit = readFileSync(path('etc/systemd/system/devapp-authz.service'), 'utf8')
    const [, program = '', config = ''] = /^ExecStart=(\S+) serve --config (\S+)$/m.exec(unit) ?? []
    expect(run(path(program), ['--version']).output).to.equal(version)
    expect(existsSync(path(config))).to.equal(true)
    expect(readlinkSync(path('opt/devapp-authz/current'))).to.equal(version)
    expect(readFileSync(path('calls'), 'utf8')).to.include('systemctl enable --now devapp-authz')
  })

  it('leaves a program without what only building and testing need, which runs', async () => {
    const installed = path('opt/devapp-authz', version, 'node_modules')
    expect(readdirSync(installed)).to.include('zod').and.not.include('mocha').and.not.include('typescript')
    const program = join(installed, '.bin', 'devapp-authz')
    const config = path('etc/devapp-authz/authz.yaml')
    expect(run(program, ['serve', '--help']).output).to.include('--config FILE')
    const service = await startService({ main: join(installed, 'devapp-authz', 'dist', 'main.js'), config })
    expect(run(program, ['ocsp', 'status', '--config', config]).ok).to.equal(true)
    expect(await service.stop()).to.equal(0)
  })

  it('names files and values of the chart that there are', () => {
    const text = readFileSync(join(root, 'docs/deployment.md'), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
      expect(existsSync(join(root, 'docs', link)), link).to.equal(true)
    const values = parse(readFileSync(join(root, 'deploy/helm/devapp-authz/values.yaml'), 'utf8')) as object
    for (const [, named = ''] of text.matchAll(/`((?:registry\.file|redis|upstream|qtsps|envoy)\.[\w.]+)`/g)) {
      if (basename(named, '.yaml') === 'envoy') continue
      const found = named
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], values)
      expect(found, named).not.to.equal(undefined)
    }
  })

  it('shows a NetworkPolicy that Kubernetes takes, for the pods of the chart', () => {
    const policy = ofLanguage('yaml').find(({ text }) => text.includes('kind: NetworkPolicy'))?.text ?? ''
    writeFileSync(path('policy.yaml'), policy)
    const schemas = join(kubernetesSchemas('1.37.0', console.error), '{{.ResourceKind}}{{.KindSuffix}}.json')
    const checked = run(findKubeconform(console.error), ['-strict', '-schema-location', schemas, path('policy.yaml')])
    expect(checked).to.deep.equal({ ok: true, output: '' })
    expect(policy).to.include('app.kubernetes.io/name: devapp-authz')
  })
})
