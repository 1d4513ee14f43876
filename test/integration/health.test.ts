import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { expect } from 'chai'
import { protoPath } from 'grpc-health-check'
import { health } from '../../src/cli/health.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const reflectionProtos = fileURLToPath(new URL('../../node_modules/@grpc/reflection/build/proto/grpc', import.meta.url))
const authorization = 'envoy.service.auth.v3.Authorization'

describe('the health of a running service', function () {
  this.timeout(30_000)
  const folder = temporaryFolder('health')
  const at = (name: string): string => join(folder.path, name)
  let service: RunningService

  before(async () => {
    mkdirSync(folder.path, { recursive: true })
    writeFileSync(
      at('authz.yaml'),
      [
        `listen: unix:${at('authz.sock')}`,
        `admin: unix:${at('admin.sock')}`,
        'hostnames: { mtls: [api.example.com], tls: [api2.example.com] }',
        'policies: { callback: { channel: tls, require: [] } }',
        'registry: { file: devapps.yaml }',
        'reflection: true',
      ].join('\n'),
    )
    service = await startService({ config: at('authz.yaml') })
  })
  after(async () => {
    await service?.stop()
    folder.remove()
  })

  async function asked(...args: string[]): Promise<{ readonly code: number; readonly said: string }> {
    const words: string[] = []
    const write = (text: string): void => void words.push(text)
    const code = await health(['--config', at('authz.yaml'), ...args], { stdout: write, stderr: write })
    return { code, said: words.join('') }
  }

  /** As Envoy's health checks ask. */
  function servingStatus(of: string): Promise<string> {
    const { grpc } = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
      grpc: { health: { v1: { Health: ServiceClientConstructor } } }
    }
    const client = new grpc.health.v1.Health(`unix:${at('authz.sock')}`, credentials.createInsecure())
    return new Promise((resolve, reject) => {
      client['Check']!({ service: of }, (error: Error | null, answer: { status: string }) => {
        client.close()
        if (error === null) resolve(answer.status)
        else reject(error)
      })
    })
  }

  it('is not ready without a registry, and says so; it lives all the same', async () => {
    expect(await asked()).to.deep.include({ code: 1 })
    expect((await asked()).said).to.include('not ready: registry: nothing was read yet')
    expect(JSON.parse((await asked('--json')).said)).to.include({ ready: false })
    expect(await asked('--live')).to.deep.equal({ code: 0, said: 'live\n' })
    expect(await servingStatus(authorization)).to.equal('NOT_SERVING')
  })

  it('is ready once the registry is there, by gRPC too, for each service and for the port', async () => {
    writeFileSync(at('devapps.yaml'), 'devapps: []\n')
    await service.logged(({ msg }) => msg === 'registry loaded')
    expect(await asked()).to.deep.equal({ code: 0, said: 'ready\n' })
    expect(JSON.parse((await asked('--json')).said)).to.deep.equal({ ready: true })
    for (const name of ['', authorization, 'envoy.service.secret.v3.SecretDiscoveryService'])
      expect(await servingStatus(name)).to.equal('SERVING')
  })

  it('goes with a reflection that names the services, where that is switched on', async () => {
    const definition = loadSync('reflection/v1/reflection.proto', { includeDirs: [reflectionProtos] })
    const { grpc } = loadPackageDefinition(definition) as unknown as {
      grpc: { reflection: { v1: { ServerReflection: ServiceClientConstructor } } }
    }
    const client = new grpc.reflection.v1.ServerReflection(`unix:${at('authz.sock')}`, credentials.createInsecure())
    const stream = client['ServerReflectionInfo']!()
    stream.write({ listServices: '*' })
    const [answer] = (await once(stream, 'data')) as [{ listServicesResponse: { service: { name: string }[] } }]
    stream.end()
    client.close()
    expect(answer.listServicesResponse.service.map(({ name }) => name)).to.include(authorization)
  })

  it('is told by a sentence where nothing runs, and explains itself', async () => {
    await service.stop()
    const { code, said } = await asked()
    expect(code).to.equal(1)
    expect(said).to.match(/no service is running on unix:/)
    expect((await asked('--help')).said).to.match(/^Asks a running service whether it is ready/)
    expect((await asked('--nonsense')).code).to.equal(2)
  })
})
