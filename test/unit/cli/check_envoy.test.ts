import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { checkEnvoy } from '../../../src/cli/check_envoy.ts'
import { readBootstrap } from '../../support/envoy_bootstrap.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const reference = join(root, 'envoy/envoy.yaml')
const config = join(root, 'examples/authz.yaml')

describe('devapp-authz check-envoy', () => {
  const folder = temporaryFolder('check-envoy')
  const file = join(folder.path, 'envoy.yaml')
  after(() => folder.remove())

  function run(...argv: string[]): { code: number; stdout: string; stderr: string } {
    const written = { stdout: '', stderr: '' }
    const write = (stream: 'stdout' | 'stderr') => (text: string) => {
      written[stream] += text
    }
    const code = checkEnvoy(argv, { stdout: write('stdout'), stderr: write('stderr') }, {})
    return { code, ...written }
  }

  const altered = (from: string | RegExp, to: string): void => {
    const text = readFileSync(reference, 'utf8')
    expect(text).to.match(from instanceof RegExp ? from : new RegExp(from))
    writeFileSync(file, text.replace(from, to))
  }

  it('finds nothing in the reference', () => {
    expect(run(reference, '--config', config)).to.deep.equal({
      ...{ code: 0, stderr: '' },
      stdout: `${reference} holds nothing that leads around the service or breaks it.\n`,
    })
    expect(JSON.parse(run(reference, '--json').stdout)).to.deep.equal({ ok: true, findings: [] })
  })

  it('names each finding with its line, its path, why it matters and the cure', () => {
    altered('failure_mode_allow: false', 'failure_mode_allow: true')
    const line =
      1 +
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((each) => each.includes('failure_mode_allow: true'))
    const { code, stdout, stderr } = run(file)
    expect([code, stderr]).to.deep.equal([1, ''])
    const path =
      'static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters[1].typed_config.failure_mode_allow'
    expect(stdout).to.equal(
      `${file}:${line}: error failure_mode_allow: a failure of the service lets requests pass\n` +
        `  where: ${path}\n` +
        '  why:   Requests pass when the service is down, stalls or fails. Whoever can overload it is let in.\n' +
        '  cure:  Set `failure_mode_allow: false`, and remove `failure_mode_allow_header_add`.\n' +
        '\n1 error, 0 warnings\n',
    )
    expect(JSON.parse(run(file, '--json').stdout)).to.deep.equal({
      ok: false,
      findings: [
        {
          ...{ code: 'failure_mode_allow', severity: 'error', file, path, line },
          message: 'a failure of the service lets requests pass',
          why: 'Requests pass when the service is down, stalls or fails. Whoever can overload it is let in.',
          cure: 'Set `failure_mode_allow: false`, and remove `failure_mode_allow_header_add`.',
        },
      ],
    })
  })

  it('is content with warnings, and says them', () => {
    altered('accept_http_10: false', 'accept_http_10: true')
    const { code, stdout } = run(file, '--config', config)
    expect(code).to.equal(0)
    expect(stdout).to.match(/: warning http_10_accepted: .*\n\n0 errors, 1 warning\n$/s)
    const { ok, findings } = JSON.parse(run(file, '--json').stdout) as { ok: boolean; findings: { code: string }[] }
    expect([ok, findings.map(({ code }) => code)]).to.deep.equal([true, ['http_10_accepted']])
  })

  it("compares with the service's configuration where it is given", () => {
    altered('policy: accounts', 'policy: acounts')
    expect(run(file).code).to.equal(0)
    const { code, stdout } = run(file, '--config', config)
    expect(code).to.equal(1)
    expect(stdout).to.contain(': error policy_unknown: there is no policy "acounts"\n')
  })

  it('reads what the bootstrap takes from files, beside it and by absolute path', () => {
    const { static_resources, ...others } = readBootstrap()
    mkdirSync(join(folder.path, 'xds'), { recursive: true })
    const listeners = join(folder.path, 'xds', 'listeners.json')
    writeFileSync(listeners, JSON.stringify({ resources: static_resources.listeners }))
    for (const path of [listeners, relative(folder.path, listeners)]) {
      const lds = { lds_config: { path_config_source: { path } } }
      const { clusters } = static_resources
      writeFileSync(file, stringify({ ...others, dynamic_resources: lds, static_resources: { clusters } }))
      expect(run(file, '--config', config), path).to.deep.include({ code: 0 })
    }
    writeFileSync(listeners, '{')
    const { code, stdout } = run(file)
    expect(code).to.equal(1)
    expect(stdout).to.match(new RegExp(`^${listeners}:1: error unreadable: not YAML`))
  })

  it('says in a sentence what cannot be read, also to programs', () => {
    const missing = join(folder.path, 'nothing.yaml')
    for (const [argv, named, message] of [
      [[missing], missing, `unreadable: ${missing}: no such file`],
      [[folder.path], folder.path, `unreadable: ${folder.path}: is a directory`],
      [[reference, '--config', missing], missing, `configuration_unusable: ${missing}: no such file`],
      [[reference, '--config', reference], reference, 'configuration_unusable: it is missing'],
    ] as const) {
      const { code, stdout, stderr } = run(...argv)
      expect([code, stderr]).to.deep.equal([1, ''])
      expect(stdout).to.match(new RegExp(`^${named}(:\\d+)?: error ${message}`, 'm'))
      const { ok } = JSON.parse(run(...argv, '--json').stdout) as { ok: boolean }
      expect(ok).to.equal(false)
    }
  })

  it('explains itself, and wrong calls', () => {
    expect(run('--help').code).to.equal(0)
    expect(run('--help').stdout).to.match(/Usage: devapp-authz check-envoy FILE/)
    expect(run('--help').stdout).to.contain('envoy --mode validate')
    for (const argv of [[], ['a', 'b'], ['--quiet', 'a'], ['a', '--config']]) {
      const { code, stdout, stderr } = run(...argv)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.match(/^devapp-authz check-envoy: [^\n]+\n\n.*Usage:/s)
    }
  })
})
