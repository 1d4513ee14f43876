import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Gateway } from '../../demo/gateway.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { blocksOf } from '../support/documented.ts'
import type { IssuedCertificate } from '../support/pki.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What other tests run, or what this one runs in. */
const takenElsewhere = [
  /^npm run demo/,
  /^npm test/,
  /^node dist\/main\.js serve /, // the gateway's own
]

/** The commands of a page, one a line, as a person pastes them. */
const commandsOf = (file: string): string[] =>
  blocksOf(file)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trim().split('\n'))
    .filter((line) => !takenElsewhere.some((pattern) => pattern.test(line)))

describe('the commands of the documentation, beside the running demo', function () {
  this.timeout(60_000)
  let gateway: Gateway
  let folder: string

  before(async () => {
    gateway = await startDemoGateway()
    folder = join(gateway.folder, 'etc', 'devapp-authz')
    const { parties } = gateway
    const chain = (certificate: IssuedCertificate): string => certificate.pem + parties.issuing.chainPem
    mkdirSync(join(folder, 'examples'), { recursive: true })
    mkdirSync(join(gateway.folder, 'etc', 'envoy'))
    mkdirSync(join(gateway.folder, 'bin'))
    write('etc/devapp-authz/roots.pem', parties.root.certificate.pem)
    write('etc/devapp-authz/CERT', parties.certificates.bolt.pem)
    write('etc/devapp-authz/chain.pem', chain(parties.certificates.bolt))
    write('etc/devapp-authz/examples/partner.pem', parties.certificates.acme.pem)
    write('etc/devapp-authz/examples/renewed-chain.pem', chain(parties.certificates.bolt))
    write('bin/devapp-authz', `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/main.js')}' "$@"\n`, 0o755)
    const envoy = readFileSync(join(root, 'envoy/envoy.yaml'), 'utf8')
    write('etc/envoy/envoy.yaml', envoy.replaceAll('/run/devapp-authz/', `${gateway.folder}/`))
  })
  after(() => gateway?.stop())

  const write = (name: string, content: string, mode = 0o644): void =>
    writeFileSync(join(gateway.folder, name), content, { mode })

  /** The demo's configuration, with a registry that the commands may change. */
  function layOut(registry: string): void {
    const config = readFileSync(gateway.configFile, 'utf8')
      .replace(/^registry: .*$/m, 'registry: { file: devapps.yaml }\nintake: { accepted_roots: roots.pem }')
      .replace(/^qtsps: .*$/m, `qtsps: ${join(gateway.folder, 'qtsps')}`)
      .replaceAll('withdrawn.yaml', join(gateway.folder, 'withdrawn.yaml'))
    write('etc/devapp-authz/authz.yaml', config)
    write('etc/devapp-authz/devapps.yaml', registry)
  }

  function take(command: string): void {
    const { status, stdout, stderr } = spawnSync(
      'sh',
      [
        '-euc',
        command
          .replaceAll('node dist/main.js', 'devapp-authz')
          .replaceAll(/(?<=[\s=])\/(etc|tmp)\//g, `${gateway.folder}/$1/`),
      ],
      {
        ...{ cwd: folder, encoding: 'utf8' },
        env: { ...process.env, PATH: [join(gateway.folder, 'bin'), process.env['PATH']].join(delimiter) },
      },
    )
    expect(status, `${command}\n${stdout}${stderr}`).to.equal(0)
  }

  it('work as README.md has them, from an empty registry on', () => {
    layOut('devapps: []\n')
    const commands = commandsOf('README.md')
    expect(commands.length).to.be.greaterThan(6)
    for (const command of commands) take(command)
  })

  for (const page of ['docs/runbook.md', 'docs/ocsp-tuning.md']) {
    it(`work as ${page} has them`, () => {
      layOut(readFileSync(join(gateway.folder, 'devapps.yaml'), 'utf8'))
      mkdirSync(join(gateway.folder, 'tmp'), { recursive: true })
      const commands = commandsOf(page)
      expect(commands.length).to.be.greaterThan(0)
      for (const command of commands) take(command)
    })
  }
})
