import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { devAppAttachCertificate } from '../../src/cli/devapp_attach_certificate.ts'
import { type Subcommand, systemUser } from '../../src/cli/devapp_command.ts'
import { devAppCreate } from '../../src/cli/devapp_create.ts'
import { devAppDelete } from '../../src/cli/devapp_delete.ts'
import { devAppDetachCertificate } from '../../src/cli/devapp_detach_certificate.ts'
import { devAppList } from '../../src/cli/devapp_list.ts'
import { devAppRotateSecret } from '../../src/cli/devapp_rotate_secret.ts'
import { devAppSelectProduct } from '../../src/cli/devapp_select_product.ts'
import { devAppShow } from '../../src/cli/devapp_show.ts'
import { devAppDisable, devAppEnable } from '../../src/cli/devapp_status.ts'
import { migrateCommand } from '../../src/cli/migrate.ts'
import { CheckClient } from '../support/check_client.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'
import { findPostgres, type RunningPostgres, startPostgres } from '../support/postgres.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { run } from '../unit/cli/ocsp_fixture.ts'

const dayMs = 86_400_000
const now = new Date()
const root = Authority.root({ now })
const issuing = root.issueAuthority({ now })
const issue = (days: number): IssuedCertificate =>
  issuing.issue({ commonName: 'acme.example', now, notAfter: new Date(now.getTime() + days * dayMs) })

/** A configuration on a store, and what changes it. */
function registryOn(folder: string, registry: object) {
  const config = join(folder, 'authz.yaml')
  const address = `unix:${join(folder, 'authz.sock')}`
  writeFileSync(join(folder, 'roots.pem'), root.certificate.pem)
  const written = {
    ...{ listen: address, admin: `unix:${join(folder, 'admin.sock')}`, registry },
    hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
    policies: {
      data: { channel: 'mtls', require: ['certificate'], product: 'data' },
      merchant: { channel: 'tls', require: ['basic'] },
    },
    intake: { accepted_roots: 'roots.pem' },
    ocsp: { on_no_source: 'allow' },
  }
  writeFileSync(config, JSON.stringify(written))
  /** The JSON object that the subcommand printed, once it was done. */
  const done = async (subcommand: Subcommand, ...argv: string[]) => {
    const { code, stdout, stderr } = await run(subcommand, ...argv, '--config', config, '--json')
    expect(code, stderr).to.equal(0)
    return JSON.parse(stdout)
  }
  const attach = (certificate: IssuedCertificate) => {
    const file = join(folder, 'chain.pem')
    writeFileSync(file, certificate.pem + issuing.chainPem)
    return done(devAppAttachCertificate, 'acme', file, '--offline')
  }
  return { config, address, done, attach }
}

/** From its registration to its end, with what each step leaves in the store. */
async function throughItsLife({ done, attach }: ReturnType<typeof registryOn>): Promise<void> {
  const shown = () => done(devAppShow, 'acme')
  const [old, renewed] = [issue(20), issue(300)]
  await done(devAppCreate, 'acme', '--name', 'Acme', '--client-key', 'acme-key', '--label', 'team=payments')
  await done(devAppCreate, 'beta', '--name', 'Beta', '--environment', 'staging', '--no-secret')
  await done(devAppSelectProduct, 'acme', 'data')
  await done(devAppRotateSecret, 'acme', '--old-valid-for', '12h')
  for (const certificate of [old, renewed]) await attach(certificate)
  expect(await shown()).to.deep.include({ clientKey: 'acme-key', products: ['data'], labels: { team: 'payments' } })
  expect((await shown()).clientSecrets).to.have.length(2)
  expect((await shown()).certificates.map(({ serialNumber }: { serialNumber: string }) => serialNumber)).to.deep.equal([
    old.serialNumber,
    renewed.serialNumber,
  ])
  const listed = async (...argv: string[]) =>
    (await done(devAppList, ...argv)).devApps.map(({ id }: { id: string }) => id)
  expect(await listed()).to.deep.equal(['acme', 'beta'])
  expect(await listed('--expiring', '30d')).to.deep.equal(['acme'])
  await done(devAppDetachCertificate, 'acme', old.serialNumber)
  expect(await listed('--expiring', '30d')).to.deep.equal([])
  await done(devAppDisable, 'acme')
  expect(await listed('--status', 'disabled')).to.deep.equal(['acme'])
  expect(await done(devAppDisable, 'acme')).to.deep.include({ changed: false })
  await done(devAppEnable, 'acme')
  for (const id of ['acme', 'beta']) await done(devAppDelete, id, '--yes')
  expect(await listed()).to.deep.equal([])
}

describe('the commands that change DevApps', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('commands')
  after(() => folder.remove())

  describe('on a file', () => {
    let registry: ReturnType<typeof registryOn>
    before(() => {
      writeFileSync(join(folder.path, 'devapps.yaml'), 'devapps: []\n')
      registry = registryOn(folder.path, { file: 'devapps.yaml' })
    })

    it('take a DevApp through its life', () => throughItsLife(registry))

    describe('while the service runs', () => {
      let service: RunningService
      let client: CheckClient
      before(async () => {
        await registry.done(devAppCreate, 'acme', '--name', 'Acme', '--product', 'data')
        service = await startService({ config: registry.config })
        client = new CheckClient(registry.address)
      })
      after(async () => {
        client?.close()
        await service?.stop()
      })

      const loads = () => service.log().filter(({ msg }) => msg === 'registry loaded').length
      /** Makes the change, and waits until the service has taken it over. */
      async function inForce(change: () => Promise<unknown>): Promise<void> {
        const before = loads()
        await change()
        await service.logged(() => loads() > before)
      }
      const ask = ({ pem }: IssuedCertificate) => client.ask({ policy: 'data', certificate: encodeURIComponent(pem) })

      it('are in force for the next request, without a restart', async () => {
        const certificate = issue(300)
        expect(await ask(certificate)).to.equal('cert_not_registered')
        await inForce(() => registry.attach(certificate))
        expect(await ask(certificate)).to.equal('allow')
        await inForce(() => registry.done(devAppDisable, 'acme'))
        expect(await ask(certificate)).to.equal('devapp_disabled')
        await inForce(() => registry.done(devAppEnable, 'acme'))
        await inForce(() => registry.done(devAppSelectProduct, 'acme', 'data', '--remove'))
        expect(await ask(certificate)).to.equal('product_not_selected')
        await inForce(() => registry.done(devAppSelectProduct, 'acme', 'data'))
        await inForce(() => registry.done(devAppDetachCertificate, 'acme', certificate.serialNumber))
        expect(await ask(certificate)).to.equal('cert_not_registered')
      })

      it('let the old secret and the new one be right, until the old one ends', async () => {
        const basic = (clientKey: string, secret: string) => ({
          ...{ policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com' },
          headers: { authorization: `Basic ${Buffer.from(`${clientKey}:${secret}`).toString('base64')}` },
        })
        let [first, second, third] = ['', '', '']
        const rotate = async (...argv: string[]) =>
          (await registry.done(devAppRotateSecret, 'acme', ...argv)).clientSecret
        const { clientKey } = await registry.done(devAppShow, 'acme')
        await inForce(async () => (first = await rotate('--old-valid-for', '0s')))
        await inForce(async () => (second = await rotate()))
        expect(await client.ask(basic(clientKey, first))).to.equal('allow')
        expect(await client.ask(basic(clientKey, second))).to.equal('allow')
        await inForce(async () => (third = await rotate('--old-valid-for', '0s')))
        for (const secret of [first, second])
          expect(await client.ask(basic(clientKey, secret))).to.equal('basic_invalid')
        expect(await client.ask(basic(clientKey, third))).to.equal('allow')
      })

      it('are what a renewal waits for, which the log names', async () => {
        const [old, renewed] = [issue(300), issue(600)]
        await inForce(() => registry.attach(old))
        expect(await ask(renewed)).to.equal('cert_not_registered')
        const { likely_renewal } = await service.logged(({ serial }) => serial === renewed.serialNumber)
        expect(likely_renewal).to.equal('acme')
      })
    })
  })

  it('say how to begin, where there is no registry file yet', async () => {
    const own = temporaryFolder('beginning')
    const { config } = registryOn(own.path, { file: 'devapps.yaml' })
    for (const [subcommand, argv] of [
      [devAppCreate, ['acme', '--name', 'Acme']],
      [devAppList, []],
    ] as const) {
      const { code, stderr } = await run(subcommand, ...argv, '--config', config)
      expect([code, stderr.includes('devapps.yaml is not there; create it, with the line devapps: []')]).to.deep.equal([
        ...[1, true],
      ])
    }
    own.remove()
  })

  it('leave certificates that are about to expire in the log of a service that starts', async () => {
    const own = temporaryFolder('expiring')
    writeFileSync(join(own.path, 'devapps.yaml'), 'devapps: []\n')
    const registry = registryOn(own.path, { file: 'devapps.yaml' })
    const soon = issue(5)
    await registry.done(devAppCreate, 'acme', '--name', 'Acme')
    await registry.attach(soon)
    const service = await startService({ config: registry.config })
    const counts = await service.logged(({ msg }) => msg === 'certificates about to expire')
    expect(counts).to.include({ expired: 0, '1d': 0, '7d': 1, '14d': 1, '30d': 1 })
    const notice = await service.logged(({ msg }) => msg === 'certificate is about to expire')
    expect(notice).to.include({ level: 'warn', devapps: 'acme', serial: soon.serialNumber, within: '7d' })
    await service.stop()
    own.remove()
  })

  describe('on PostgreSQL', () => {
    let postgres: RunningPostgres
    before(async () => {
      postgres = await startPostgres(await findPostgres((sentence) => process.stderr.write(`${sentence}\n`)))
    })
    after(() => postgres?.stop())

    it('take a DevApp through its life, and leave who did what in the audit', async () => {
      const database = await postgres.createDatabase()
      const registry = registryOn(folder.path, { postgres: { url: postgres.url(database) } })
      await registry.done(migrateCommand)
      await throughItsLife(registry)
      const sql = "SELECT action, who FROM devapp_authz.audit WHERE devapp = 'acme' ORDER BY revision"
      const audit = await postgres.query<{ action: string; who: string }>(database, sql)
      expect(audit.map(({ action }) => action)).to.deep.equal([
        ...['create', 'select_product', 'rotate_secret', 'attach_certificate', 'attach_certificate'],
        ...['detach_certificate', 'disable', 'enable', 'delete'],
      ])
      expect(new Set(audit.map(({ who }) => who))).to.deep.equal(new Set([systemUser()]))
    })
  })
})
