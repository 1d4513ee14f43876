import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { logLevel } from '../../src/cli/log_level.ts'
import { generateSecret, hashGeneratedSecret } from '../../src/registry/secrets.ts'
import { CheckClient } from '../support/check_client.ts'
import { replaceFile } from '../support/envoy_bootstrap.ts'
import { type LogLine, type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { run } from '../unit/cli/ocsp_fixture.ts'
import { validFile } from '../unit/config/fixture.ts'

const clientSecret = generateSecret()
const onTls = { policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com' }
const withBasic = (secret: string) => ({
  ...onTls,
  headers: { authorization: `Basic ${Buffer.from(`acme-key:${secret}`).toString('base64')}` },
})

describe('the log of a running service', () => {
  const folder = temporaryFolder('logging')
  const at = (name: string): string => join(folder.path, name)
  let service: RunningService
  let client: CheckClient
  after(() => folder.remove())
  afterEach(async () => {
    client.close()
    await service.stop()
  })

  const register = (devApps: readonly object[]): void =>
    replaceFile(at('devapps.yaml'), stringify({ devapps: devApps }))
  const acme = {
    ...{ id: 'acme', name: 'Acme', client_key: 'acme-key' },
    client_secrets: [{ hash: hashGeneratedSecret(clientSecret) }],
  }

  async function start(log: object): Promise<void> {
    register([acme])
    const address = `unix:${at('authz.sock')}`
    const file = { ...validFile(), listen: address, admin: `unix:${at('admin.sock')}`, log }
    writeFileSync(at('authz.yaml'), JSON.stringify(file))
    service = await startService({ config: at('authz.yaml') })
    client = new CheckClient(address)
  }
  const audited = (): LogLine[] =>
    readFileSync(at('audit.log'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LogLine)
  const isDecision = ({ msg }: LogLine): boolean => msg === 'decision'

  it('marks refusals and changes to the registry as its audit', async () => {
    await start({})
    expect(await client.ask(withBasic('a wrong secret'))).to.equal('basic_invalid')
    expect(await client.ask(withBasic(clientSecret))).to.equal('allow')
    register([
      { ...acme, status: 'disabled' },
      { id: 'beta', name: 'Beta', client_key: 'beta-key' },
    ])
    await service.logged(({ devapp, change }) => devapp === 'beta' && change === 'added')
    expect(await client.ask(withBasic(clientSecret))).to.equal('devapp_disabled')
    const lines = service.log().filter(({ stream }) => stream === 'audit')
    expect(lines.map(({ msg, code, change, status }) => code ?? [msg, change, status])).to.deep.equal([
      'basic_invalid',
      ['registry changed', 'changed', 'disabled'],
      ['registry changed', 'added', 'enabled'],
      'devapp_disabled',
    ])
    expect(service.log().filter(isDecision)).to.have.length(3)
  })

  it('has its audit in a file of its own, whatever the level, and is buffered beside it', async () => {
    await start({ level: 'info', audit: 'audit.log', buffered: true })
    await client.ask(withBasic('a wrong secret'))
    expect(audited()).to.have.length(1)
    expect(audited()[0]).to.include({ stream: 'audit', code: 'basic_invalid' })
    expect(statSync(at('audit.log')).mode & 0o777 & ~0o640).to.equal(0)
    expect(await service.stop()).to.equal(0)
    await service.logged(({ msg }) => msg === 'stopped')
    expect(
      service
        .log()
        .filter(isDecision)
        .map(({ code, stream }) => [code, stream]),
    ).to.deep.equal([['basic_invalid', undefined]])
  })

  it('says less for a while when it is told to, and its audit all the same', async () => {
    await start({})
    const told = (...argv: string[]) => run(logLevel, ...argv, '--config', at('authz.yaml'))
    expect((await told('warn', '--for', '1m')).stdout).to.match(/^warn until .*, then info again\n$/)
    await client.ask(withBasic(clientSecret))
    await client.ask(withBasic('a wrong secret'))
    expect((await told('info')).stdout).to.equal('info\n')
    await client.ask(withBasic(clientSecret))
    await service.logged(({ code }) => code === 'allow')
    expect(service.log().flatMap(({ code, log_level }) => code ?? log_level ?? [])).to.deep.equal([
      ...['warn', 'basic_invalid', 'info', 'allow'],
    ])
  })

  it('does not start where its audit cannot be written', async () => {
    const failure = await start({ audit: '/nowhere/audit.log' }).then(
      () => '',
      (error: Error) => error.message,
    )
    expect(failure).to.contain('devapp-authz serve: log.audit: /nowhere/audit.log cannot be written: ENOENT')
  })
})
