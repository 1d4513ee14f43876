import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { devAppAttachCertificate } from '../../../src/cli/devapp_attach_certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority, type IssuedCertificate } from '../../support/pki.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const root = Authority.root()
const issuing = root.issueAuthority()
const ocspUrls = ['http://ocsp.example.com/']
const leaf = issuing.issue({ commonName: 'acme.example', ocspUrls })
const read = ({ der }: IssuedCertificate) => certificateFromDer(der)
const registered = {
  leaf: read(leaf),
  chain: [read(issuing.certificate), read(root.certificate)] as const,
}

describe('devapp-authz devapp attach-certificate', () => {
  const { registry, folder, holds, find, run } = devAppRegistry({ intake: { accepted_roots: 'roots.pem' } })
  const file = join(folder, 'chain.pem')
  before(() => writeFileSync(join(folder, 'roots.pem'), root.certificate.pem))
  beforeEach(() => {
    holds(devApp())
    writeFileSync(file, leaf.pem + issuing.chainPem)
  })

  const attach = (...argv: string[]) => run(devAppAttachCertificate, 'acme', file, '--offline', ...argv)
  const attached = async () => (await find('acme'))?.certificates.map(({ leaf }) => leaf.sha256)

  it('attaches an accepted chain, and says what, until when, and that Envoy trusts it', async () => {
    const { code, stdout, stderr } = await attach()
    expect([code, stderr]).to.deep.equal([0, ''])
    const end = registered.leaf.notAfter.toISOString().replace('.000Z', 'Z')
    expect(stdout).to.equal(
      `${file} is accepted\n\nattached acme.example to acme: it expires on ${end}, and Envoy trusts it within a second\n`,
    )
    expect((await find('acme'))?.certificates).to.deep.equal([registered])
  })

  it('attaches it beside the others, for a renewal without a gap', async () => {
    const old = { ...registered, leaf: read(issuing.issue({ commonName: 'acme.example' })) }
    holds(devApp({ certificates: [old] }))
    expect((await attach()).code).to.equal(0)
    expect(await attached()).to.deep.equal([old.leaf.sha256, registered.leaf.sha256])
  })

  it('is done where it is attached already, and writes nothing', async () => {
    holds(devApp({ certificates: [registered] }))
    const { code, stdout } = await attach()
    expect(code).to.equal(0)
    expect(stdout).to.match(/acme\.example was attached to acme already, and expires on/)
    expect(registry.store.audit).to.deep.equal([])
  })

  it('takes the chain that is handed in now, where it was attached under another one', async () => {
    const longer = { leaf: registered.leaf, chain: [...registered.chain, read(root.certificate)] as const }
    holds(devApp({ certificates: [longer] }))
    expect(printed(await attach('--json'))).to.deep.include({ changed: true })
    expect((await find('acme'))?.certificates).to.deep.equal([registered])
  })

  it('refuses a chain that chain check refuses, with its report, and changes nothing', async () => {
    writeFileSync(file, issuing.certificate.pem + leaf.pem)
    const { code, stdout, stderr } = await attach()
    expect([code, stderr]).to.deep.equal([1, ''])
    expect(stdout).to.match(/is refused: 2 problems\n\norder_reversed/)
    expect(stdout).to.match(/\nmissing_root in certificate 1.*\n\nnothing was attached to acme\n$/s)
    expect(await attached()).to.deep.equal([])
    expect(registry.store.audit).to.deep.equal([])
  })

  it('tells programs what chain check tells them, and what became of the DevApp', async () => {
    const accepted = printed(await attach('--json'))
    expect(accepted).to.deep.include({ accepted: true, changed: true, problems: [], warnings: [] })
    expect(accepted.devApp.certificates[0].sha256).to.equal(registered.leaf.sha256)
    writeFileSync(file, leaf.pem)
    const refused = await attach('--json')
    expect(refused.code).to.equal(1)
    expect(printed(refused)).to.deep.include({ accepted: false, changed: false })
    expect(printed(refused).problems[0]).to.include({ code: 'missing_intermediate', position: 1 })
  })

  it('warns where another DevApp has the certificate, and where production shares it with staging', async () => {
    holds(devApp({ environment: 'staging' }), devApp({ id: 'beta', clientKey: 'beta', certificates: [registered] }))
    const { code, stdout } = await attach()
    expect(code).to.equal(0)
    expect(stdout).to.match(/2 warnings\n\nattached_elsewhere.*\n\nshared_between_environments/s)
    expect(stdout).to.contain('beta (production)')
    expect(await attached()).to.deep.equal([registered.leaf.sha256])
  })

  it('says that Envoy trusts it later, where the DevApp is disabled', async () => {
    holds(devApp({ status: 'disabled' }))
    expect((await attach()).stdout).to.match(/Envoy trusts it once acme is enabled\n$/)
  })

  it('writes down which certificate it was', async () => {
    await attach()
    expect(registry.store.audit).to.have.length(1)
    expect(registry.store.audit[0]).to.deep.include({
      ...{ id: 'acme', action: 'attach_certificate', by: 'sam@workstation' },
      detail: {
        ...{ sha256: registered.leaf.sha256, serial_number: leaf.serialNumber, common_name: 'acme.example' },
        not_after: registered.leaf.notAfter.toISOString().replace('.000Z', 'Z'),
      },
    })
  })

  it('says what is missing: the DevApp, the file, an argument', async () => {
    const unknown = await run(devAppAttachCertificate, 'acne', file, '--offline')
    expect([unknown.code, unknown.stderr.includes('there is no DevApp acne')]).to.deep.equal([1, true])
    const missing = await run(devAppAttachCertificate, 'acme', join(folder, 'none.pem'), '--offline')
    expect([missing.code, missing.stderr.includes('none.pem: no such file')]).to.deep.equal([1, true])
    const half = await run(devAppAttachCertificate, 'acme')
    expect([half.code, half.stderr.includes('which CHAINFILE?')]).to.deep.equal([2, true])
  })
})
