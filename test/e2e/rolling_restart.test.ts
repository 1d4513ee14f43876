import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { createServerCertificates } from '../../demo/server_certificates.ts'
import { registryYaml } from '../../demo/third_parties.ts'
import { findEnvoy, type RunningEnvoy, startEnvoy } from '../support/envoy.ts'
import { cluster } from '../support/envoy_bootstrap.ts'
import { ask } from '../support/gateway_client.ts'
import { Authority } from '../support/pki.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { type RunningUpstream, startUpstream } from '../support/upstream.ts'

const callers = 8

describe('two processes behind the real Envoy, under load', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('rolling')
  const at = (name: string): string => join(folder.path, name)
  const servers = createServerCertificates(new Date())
  const clients = Authority.root({ commonName: 'Client CA', now: new Date() })
  const certificate = clients.issue({ commonName: 'acme.example' })
  const names = ['one', 'two'] as const
  const services: Partial<Record<(typeof names)[number], RunningService>> = {}
  let envoy: RunningEnvoy
  let upstream: RunningUpstream

  const configOf = (name: string, more: readonly string[] = []): string =>
    [
      `listen: unix:${at(`${name}.sock`)}`,
      `admin: unix:${at(`${name}.admin.sock`)}`,
      'hostnames: { mtls: [api.example.com], tls: [api2.example.com] }',
      'policies:',
      '  data: { channel: mtls, require: [certificate], on_no_source: allow }',
      ...more,
      'registry: { file: devapps.yaml }',
    ].join('\n')
  const start = async (name: (typeof names)[number]) => {
    services[name] = await startService({ config: at(`${name}.yaml`) })
  }

  before(async () => {
    mkdirSync(folder.path, { recursive: true })
    writeFileSync(at('devapps.yaml'), registryYaml([{ id: 'acme', certificates: [certificate] }], clients.chainPem))
    for (const name of names) writeFileSync(at(`${name}.yaml`), configOf(name))
    await Promise.all(names.map(start))
    upstream = await startUpstream()
    envoy = await startEnvoy({
      binary: await findEnvoy(() => {}),
      authzSocket: at('one.sock'),
      upstreamPort: upstream.port,
      serverCertificates: servers,
      change: (bootstrap) => {
        const endpoints = names.map((name) => ({ endpoint: { address: { pipe: { path: at(`${name}.sock`) } } } }))
        cluster(bootstrap, 'devapp-authz').load_assignment.endpoints[0].lb_endpoints = endpoints
      },
    })
  })
  after(async () => {
    await envoy?.stop()
    for (const service of Object.values(services)) await service.stop()
    await upstream?.stop()
    folder.remove()
  })

  /** What came of the requests that were made, one after another by each caller, while `happening` went on. */
  async function answersDuring(happening: () => Promise<unknown>): Promise<readonly string[]> {
    const answers: string[] = []
    let going = true
    const caller = async (): Promise<void> => {
      while (going) {
        const { status, body } = await ask(envoy.port, servers.authorityPem, {
          ...{ protocol: 'http/1.1', sni: 'api.example.com', path: '/v1/data', certificate },
        })
        answers.push(status === 200 ? '200' : `${status} ${body}`)
      }
    }
    const calling = Promise.all(Array.from({ length: callers }, caller))
    await happening()
    going = false
    await calling
    return answers
  }
  const failed = (answers: readonly string[]) => answers.filter((answer) => answer !== '200')

  it('lose no request while one after the other is restarted', async () => {
    const answers = await answersDuring(async () => {
      for (const name of names) {
        await services[name]?.stop()
        await start(name)
      }
    })
    expect(failed(answers)).to.deep.equal([])
    expect(answers.length).to.be.greaterThan(50)
  })

  it('lose no request while their configuration is replaced, and take it over', async () => {
    const answers = await answersDuring(async () => {
      for (const [index, name] of names.entries()) {
        writeFileSync(at(`${name}.yaml`), configOf(name, ['  added: { channel: tls, require: [] }']))
        const loaded = services[name]?.logged(({ msg }) => msg === 'configuration loaded')
        // One by the change itself, the other by a signal as well.
        if (index === 1) services[name]?.signal('SIGHUP')
        expect(await loaded).to.deep.include({ changed: ['policies.added'] })
      }
    })
    expect(failed(answers)).to.deep.equal([])
  })

  it('keep what was in force where the new configuration does not hold up, and say why', async () => {
    writeFileSync(at('one.yaml'), configOf('one', ['  broken: { channel: nowhere }']))
    const refused = await services.one?.logged(({ msg }) => msg === 'configuration refused: what was in force stays')
    expect(refused?.['reason']).to.match(/policies\.broken\.channel: expected mtls or tls/)
    const answers = await answersDuring(async () => services.two?.signal('SIGHUP'))
    expect(failed(answers)).to.deep.equal([])
  })
})
