import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }

function run(...argv: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/main.ts', ...argv], {
    cwd: root,
    encoding: 'utf8',
  })
  return { code: status, stdout, stderr }
}

describe('devapp-authz', function () {
  this.timeout(60_000)

  it('says what it is and which subcommands there are', () => {
    const { code, stdout, stderr } = run('--help')
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.match(/^devapp-authz: external authorization for Envoy\n\nUsage: devapp-authz SUBCOMMAND/)
    for (const words of [
      'serve',
      'check-config',
      'check-envoy',
      'truststore',
      'devapp create',
      'chain check',
      'cert show',
      'ocsp verify',
    ])
      expect(stdout).to.match(new RegExp(`^ {2}${words} +\\w`, 'm'))
    expect(run()).to.deep.equal({ code, stdout, stderr })
  })

  it('says its version', () => {
    expect(run('--version')).to.deep.equal({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('hands a subcommand of two words its own arguments', () => {
    const { code, stdout } = run('devapp', 'hash-secret', '--help')
    expect(code).to.equal(0)
    expect(stdout).to.match(/Usage: devapp-authz devapp hash-secret/)
  })

  it('names a subcommand that it does not have, and those that it has', () => {
    const { code, stdout, stderr } = run('sevre', '--config', 'authz.yaml')
    expect([code, stdout]).to.deep.equal([2, ''])
    expect(stderr).to.match(
      /^devapp-authz: there is no subcommand 'sevre'; is 'serve' meant\?\n\n.*Usage: devapp-authz SUBCOMMAND/s,
    )
  })

  it('names the subcommands of a group, and only those', () => {
    const { code, stdout, stderr } = run('ocsp', '--help')
    expect([code, stderr]).to.deep.equal([0, ''])
    expect(stdout).to.match(/^Usage: devapp-authz ocsp SUBCOMMAND.*^ {2}ocsp status +\w/ms)
    expect(stdout).to.not.match(/^ {2}(serve|devapp) /m)
  })

  it('says which group a missing or misspelt subcommand belongs to', () => {
    const missing = run('ocsp')
    expect([missing.code, missing.stdout]).to.deep.equal([2, ''])
    expect(missing.stderr).to.match(/^devapp-authz: which subcommand of ocsp\?\n\nUsage: devapp-authz ocsp SUBCOMMAND/)
    const misspelt = run('ocsp', 'purg', '--all')
    expect(misspelt.code).to.equal(2)
    expect(misspelt.stderr).to.match(/^devapp-authz: there is no subcommand 'ocsp purg'; is 'ocsp purge' meant\?\n/)
  })

  it('says in one sentence, without a stack, what stopped a subcommand', () => {
    const { code, stdout, stderr } = run(
      'truststore',
      '--config',
      '/nowhere/authz.yaml',
      '--out',
      '/nowhere/truststore.pem',
    )
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/^devapp-authz: [^\n]*\/nowhere\/authz\.yaml[^\n]*\n$/)
  })

  it('names every problem of a configuration that it cannot start with', () => {
    const { code, stdout, stderr } = run('serve', '--config', 'package.json')
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.match(/^devapp-authz serve: package\.json: hostnames: it is missing/)
    expect(stderr).to.match(/^package\.json:2: name: there is no such key;/m)
    expect(stderr).to.not.match(/^ +at /m)
  })
})
