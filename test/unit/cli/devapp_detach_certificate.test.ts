import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { devAppDetachCertificate } from '../../../src/cli/devapp_detach_certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority, type IssuedCertificate } from '../../support/pki.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const issuing = Authority.root()
const [old, renewed] = [issuing.issue({ commonName: 'acme' }), issuing.issue({ commonName: 'acme' })]
const registered = ({ der }: IssuedCertificate) =>
  ({ leaf: certificateFromDer(der), chain: [certificateFromDer(issuing.certificate.der)] }) as const
const sha256Of = ({ der }: IssuedCertificate) => certificateFromDer(der).sha256

describe('devapp-authz devapp detach-certificate', () => {
  const { registry, folder, holds, find, run } = devAppRegistry()
  beforeEach(() => holds(devApp({ certificates: [registered(old), registered(renewed)] })))
  const attached = async () => (await find('acme'))?.certificates.map(({ leaf }) => leaf.sha256)

  it('detaches the certificate that a file, a fingerprint or a serial number names', async () => {
    const file = join(folder, 'old.pem')
    writeFileSync(file, old.pem)
    const fingerprint = sha256Of(old)
      .toUpperCase()
      .replace(/..(?=.)/g, '$&:')
    for (const name of [file, fingerprint, old.serialNumber]) {
      holds(devApp({ certificates: [registered(old), registered(renewed)] }))
      expect(await run(devAppDetachCertificate, 'acme', name), name).to.deep.equal({
        ...{ code: 0, stderr: '' },
        stdout: 'detached acme from acme: the next request with it is refused\n',
      })
      expect(await attached()).to.deep.equal([sha256Of(renewed)])
    }
    const detail = { sha256: sha256Of(old), serial_number: old.serialNumber }
    expect(registry.store.audit[0]).to.deep.include({ action: 'detach_certificate', detail })
  })

  it('warns where it is the last one of an enabled DevApp, and detaches it', async () => {
    holds(devApp({ certificates: [registered(old)] }))
    const { code, stderr } = await run(devAppDetachCertificate, 'acme', old.serialNumber)
    expect(code).to.equal(0)
    expect(stderr).to.match(/warning: it was the last certificate of acme, which is enabled/)
    holds(devApp({ certificates: [registered(old)], status: 'disabled' }))
    expect(printed(await run(devAppDetachCertificate, 'acme', old.serialNumber, '--json'))).to.deep.include({
      ...{ changed: true, warnings: [] },
    })
  })

  it('refuses a certificate that is not attached, and names those that are', async () => {
    const stranger = issuing.issue()
    for (const name of [sha256Of(stranger), stranger.serialNumber, 'no-such-file']) {
      const { code, stdout, stderr } = await run(devAppDetachCertificate, 'acme', name)
      expect([code, stdout], name).to.deep.equal([1, ''])
      expect(stderr).to.match(/^devapp-authz devapp detach-certificate: /)
    }
    const { stderr } = await run(devAppDetachCertificate, 'acme', sha256Of(stranger))
    expect(stderr).to.contain(`is not attached to acme; attached: ${sha256Of(old)}, ${sha256Of(renewed)}`)
    expect(await attached()).to.have.length(2)
  })

  it('says that there is no such DevApp', async () => {
    expect(await run(devAppDetachCertificate, 'acne', old.serialNumber)).to.deep.include({ code: 1, stdout: '' })
  })
})
