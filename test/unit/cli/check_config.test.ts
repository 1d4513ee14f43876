import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkConfig } from '../../../src/cli/check_config.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

const certificate = Authority.root().certificate.pem

const good = `
hostnames: { mtls: [api.example.com, api3.example.com], tls: [api2.example.com] }
policies:
  accounts: { channel: mtls, require: [certificate], product: ob-accounts, psd2: { qwac: required, roles: [PSP_AI, PSP_PI] } }
  merchant: { channel: tls, require: [basic] }
registry: { file: devapps.yaml }
qtsps: qtsps
ocsp:
  on_unavailable: allow
  cache: { redis: { url: "redis://user:\${REDIS_PASSWORD}@redis.example:6380" } }
  issuers: [{ certificate: issuer.pem, responder: "http://ocsp.example.com/" }]
`
const environment = { REDIS_PASSWORD: 'hunter2' }

describe('devapp-authz check-config', () => {
  const folder = temporaryFolder('check-config')
  const file = join(folder.path, 'authz.yaml')
  const beside = (name: string): string => join(folder.path, name)
  after(() => folder.remove())

  beforeEach(() => {
    mkdirSync(beside('qtsps'), { recursive: true })
    for (const name of ['issuer.pem', 'qtsps/accepted.pem']) writeFileSync(beside(name), certificate)
    writeFileSync(beside('devapps.yaml'), 'devapps: []\n')
    writeFileSync(file, good)
  })

  function run(...argv: string[]): { code: number; stdout: string; stderr: string } {
    const written = { stdout: '', stderr: '' }
    const write = (stream: 'stdout' | 'stderr') => (text: string) => {
      written[stream] += text
    }
    const code = checkConfig(argv, { stdout: write('stdout'), stderr: write('stderr') }, environment)
    return { code, ...written }
  }

  it('says what a file without problems configures, and changes nothing', () => {
    const before = readdirSync(folder.path, { recursive: true })
    const { code, stdout, stderr } = run(file)
    expect([code, stderr]).to.deep.equal([0, ''])
    const paragraph = stdout.slice(0, stdout.indexOf('\n\n')).replaceAll('\n', ' ')
    expect(paragraph).to.equal(
      `${file} holds no problem. The service listens on unix:/run/devapp-authz/authz.sock for api.example.com, ` +
        'api3.example.com with 2-way TLS and api2.example.com with 1-way TLS. DevApps are in devapps.yaml. A check takes ' +
        'at most 1500 ms, of which 1000 ms are for an OCSP answer; answers are remembered in memory and in Redis at ' +
        'redis.example:6380.',
    )
    expect(stdout.slice(stdout.indexOf('\n\n') + 2).split('\n')).to.deep.equal([
      'POLICY    CHANNEL  REQUIRES     PRODUCT      PSD2                     NO ANSWER  NO SOURCE',
      'accounts  mtls     certificate  ob-accounts  QWAC, PSP_AI and PSP_PI  allow      deny',
      'merchant  tls      basic        -            -                        -          -',
      '',
    ])
    expect(stdout).not.to.contain('hunter2')
    expect(readdirSync(folder.path, { recursive: true })).to.deep.equal(before)
  })

  it('names all problems, those of the named files too, in the order of the lines', () => {
    writeFileSync(file, `${good.replace('basic', 'certificate').replace('devapps.yaml', 'nowhere.yaml')}deadline: 5\n`)
    writeFileSync(beside('issuer.pem'), 'not a certificate\n')
    const { code, stdout, stderr } = run(file)
    expect([code, stdout]).to.deep.equal([1, ''])
    const lines = stderr.trimEnd().split('\n')
    expect(lines.map((line) => line.replace(/(?<=\d: \S+): .*/, ''))).to.deep.equal([
      `${file}:5: policies.merchant.require`,
      `${file}:6: registry.file`,
      `${file}:11: ocsp.issuers[0].certificate`,
      `${file}:12: deadline`,
      '4 problems',
    ])
    expect(lines[1]).to.contain('there is no "nowhere.yaml"; create it, or mend the path')
    expect(lines[2]).to.contain('"issuer.pem" holds no certificate; put a certificate in PEM there')
  })

  it('names a folder of certificates that holds none, a broken one, or is a file where it may be none', () => {
    const problem = (): string => run(file).stderr.split('\n')[0] ?? ''
    writeFileSync(beside('qtsps/accepted.pem'), certificate.replace('-----END', '-----ENDE'))
    expect(problem()).to.match(
      /authz.yaml:7: qtsps: "qtsps": accepted.pem: .*not closed; put a certificate in PEM there/,
    )
    writeFileSync(file, good.replace('qtsps: qtsps', 'qtsps: issuer.pem'))
    expect(problem()).to.match(/qtsps: "issuer.pem" is no folder/)
    mkdirSync(beside('empty'), { recursive: true })
    writeFileSync(file, good.replace('qtsps: qtsps', 'qtsps: empty'))
    expect(problem()).to.match(/qtsps: "empty" holds no certificate/)
    writeFileSync(beside('qtsps/accepted.pem'), certificate)
    const roots = (name: string) => good.replace('qtsps: qtsps', `qtsps: qtsps\nintake: { accepted_roots: ${name} }`)
    for (const [name, expected] of [
      ['issuer.pem', /^$/],
      ['qtsps', /^$/],
      ['empty', /intake.accepted_roots: "empty" holds no certificate/],
      ['nowhere', /intake.accepted_roots: there is no "nowhere"/],
    ] as const) {
      writeFileSync(file, roots(name))
      expect(problem(), name).to.match(expected)
    }
    writeFileSync(
      file,
      good.replace('qtsps: qtsps', 'qtsps: qtsps\nlisten: unix:/tmp/a').replace('devapps.yaml', 'empty'),
    )
    expect(problem()).to.match(/registry.file: "empty" is no file/)
  })

  it('says which policies are in shadow mode', () => {
    const shadow = (text: string): string | undefined => {
      writeFileSync(file, text)
      return run(file)
        .stdout.split('\n\n')
        .find((paragraph) => paragraph.startsWith('SHADOW'))
        ?.replaceAll('\n', ' ')
    }
    const one = good.replace('require: [basic]', 'require: [basic], shadow: true')
    const all = 'shadow: { until: "2026-12-31T00:00:00Z" }\n'
    expect(shadow(good)).to.equal(undefined)
    expect(shadow(one)).to.equal('SHADOW MODE: refusals of merchant are logged and not enforced.')
    expect(shadow(`${good}${all}`)).to.match(/refusals of every policy until 2026-12-31T00:00:00.000Z are logged/)
    expect(shadow(`${one}${all}`)).to.match(/refusals of merchant, and of every policy until 2026-12-31T00:00:00.000Z/)
  })

  it('names what is wrong with the list of withdrawn authorisations, which the service would not start with', () => {
    const problem = (): string => run(file).stderr
    writeFileSync(file, `${good}psd2: { withdrawn: withdrawn.yaml }\n`)
    expect(problem()).to.match(/authz.yaml:12: psd2.withdrawn: there is no "withdrawn.yaml"; create it/)
    writeFileSync(
      beside('withdrawn.yaml'),
      '- { organization_identifier: A }\n- { organization_identifier: B, roles: [C] }',
    )
    expect(problem()).to.match(
      /psd2.withdrawn: "withdrawn.yaml", line 2: \[1\].roles\[0\]: expected PSP_AS.* got "C"; write one of these words/,
    )
    writeFileSync(beside('withdrawn.yaml'), '[]')
    expect(run(file).code).to.equal(0)
  })

  it('prints the problems as JSON', () => {
    writeFileSync(file, `${good}deadline: 5\n`)
    const { code, stdout, stderr } = run(file, '--json')
    expect([code, stderr]).to.deep.equal([1, ''])
    expect(JSON.parse(stdout)).to.deep.equal({
      ok: false,
      problems: [
        {
          ...{ path: 'deadline', line: 12, message: 'expected a duration, got 5' },
          cure: 'write it with a unit, such as 300ms or 1s',
        },
      ],
    })
    writeFileSync(file, good)
    expect(JSON.parse(run(file, '--json').stdout)).to.deep.equal({ ok: true, problems: [] })
  })

  it('takes the environment into account, and repeats nothing of it', () => {
    writeFileSync(file, good.replace('6380', `\${REDIS_PORT}`))
    const { code, stderr } = run(file)
    expect(code).to.equal(1)
    expect(stderr).to.match(/ocsp.cache.redis.url: the environment has no variable REDIS_PORT; set REDIS_PORT/)
    expect(stderr).not.to.contain('hunter2')
  })

  it('says in a sentence that the file is not there, or is none', () => {
    expect(run(beside('nothing.yaml'))).to.deep.equal({
      ...{ code: 1, stdout: '' },
      stderr: `devapp-authz check-config: ${beside('nothing.yaml')}: no such file\n`,
    })
    expect(run(folder.path)).to.deep.include({
      ...{ code: 1, stderr: `devapp-authz check-config: ${folder.path}: is a directory\n` },
    })
  })

  it('explains itself, and wrong calls', () => {
    expect(run('--help').code).to.equal(0)
    expect(run('--help').stdout).to.match(/Usage: devapp-authz check-config FILE/)
    for (const argv of [[], ['a', 'b'], ['--quiet', 'a']]) {
      const { code, stdout, stderr } = run(...argv)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.match(/^devapp-authz check-config: [^\n]+\n\n.*Usage:/s)
    }
  })
})
