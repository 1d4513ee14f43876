import { expect } from 'chai'
import type { RegisteredCertificate } from '../../../src/domain/devapp.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { lazyCertificate } from '../../../src/pki/lazy_certificate.ts'
import { ChainVerification } from '../../../src/registry/chain_verification.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { devApp } from '../../support/evidence.ts'
import type { IssuedCertificate } from '../../support/pki.ts'
import { issuing } from './file/devapps_fixture.ts'

const registered = ({ der }: IssuedCertificate): RegisteredCertificate => ({
  leaf: lazyCertificate(der),
  chain: [certificateFromDer(issuing.certificate.der)],
})
const good = registered(issuing.issue({ commonName: 'good' }))
const forged = registered(issuing.issue({ commonName: 'forged', signature: 'forged' }))
const unreadable = registered(
  issuing.issue({ commonName: 'bad', extensions: [{ oid: '2.5.29.37', value: Buffer.of(1) }] }),
)

describe('signatures that are verified after the registry was read', () => {
  let told: string[]
  let verification: ChainVerification
  let snapshot: RegistrySnapshot
  beforeEach(() => {
    told = []
    verification = new ChainVerification(({ leaf }, reason) => told.push(`${leaf.commonNames} ${reason}`))
    snapshot = new RegistrySnapshot([devApp({ certificates: [good, forged, unreadable] })], verification.holds)
  })
  afterEach(() => verification.stop())

  it('count for nobody whose certificate does not hold, from the first moment on', () => {
    verification.expect([good, forged, unreadable])
    expect(snapshot.bindingOf(good.leaf).status).to.equal('registered')
    for (const { leaf } of [forged, unreadable])
      for (let times = 0; times < 2; times++) expect(snapshot.bindingOf(leaf)).to.deep.equal({ status: 'unregistered' })
    expect(snapshot.certificates).to.deep.equal([good])
  })

  it('tell of each that does not hold, once, with the reason', () => {
    verification.expect([good, forged, unreadable])
    for (const { leaf } of [forged, forged, good, unreadable]) snapshot.bindingOf(leaf)
    expect(told).to.have.lengthOf(2)
    expect(told[0]).to.match(/^forged CN=forged,.* was not issued by CN=Example Issuing CA,/)
    expect(told[1]).to.contain('bad not a readable X.509 certificate')
  })

  it('are verified in the background, too', async () => {
    const all = new Promise<void>((resolve) => {
      verification = new ChainVerification(({ leaf }) => {
        told.push(leaf.commonNames.join())
        if (told.length === 2) resolve()
      })
    })
    verification.expect([unreadable, good, forged])
    const alive = setInterval(() => {}, 1_000)
    await all
    clearInterval(alive)
    expect(told).to.deep.equal(['bad', 'forged'])
  })
})
