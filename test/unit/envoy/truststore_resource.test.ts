import { expect } from 'chai'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { maxTruststoreBytes, TruststoreResource } from '../../../src/envoy/truststore_resource.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { truststoreOf } from '../../../src/registry/truststore.ts'
import { devApp } from '../../support/evidence.ts'
import { Authority } from '../../support/pki.ts'

/** One DevApp, whose CA only it has. */
function ofItsOwnCa(): DevApp {
  const authority = Authority.root()
  const leaf = certificateFromDer(authority.issue().der)
  return devApp({ certificates: [{ leaf, chain: [certificateFromDer(authority.certificate.der)] }] })
}

describe('the trust store that Envoys get', () => {
  const [acme, beta, gamma] = [ofItsOwnCa(), ofItsOwnCa(), ofItsOwnCa()]
  let resource: TruststoreResource
  let refused: string[]
  let told: (number | undefined)[]
  let next: () => Promise<void>

  beforeEach(() => {
    refused = []
    told = []
    let wake = (): void => {}
    next = () =>
      new Promise((resolve) => {
        wake = resolve
      })
    resource = new TruststoreResource((reason) => refused.push(reason))
    resource.subscribe(() => {
      told.push(resource.current?.authorities)
      wake()
    })
  })

  it('is none until a registry was read, and that of the first one at once, an empty one too', () => {
    expect(resource.current).to.equal(undefined)
    resource.follow([])
    expect(resource.current).to.deep.equal(truststoreOf([]))
    expect(told).to.deep.equal([0])
  })

  it('follows the registry, and takes a burst of changes for one', async () => {
    resource.follow([acme])
    const settled = next()
    for (const devApps of [[acme, beta], [beta], [acme, beta, gamma]]) resource.follow(devApps)
    expect(told).to.deep.equal([1])
    await settled
    expect(told).to.deep.equal([1, 3])
  })

  it('tells nothing where a change of the registry leaves the CAs as they are', () => {
    resource.follow([acme])
    const before = resource.current
    for (const devApps of [
      [acme],
      [{ ...acme, name: 'Another name' }],
      [acme, { ...beta, status: 'disabled' as const }],
    ])
      resource.publish(truststoreOf(devApps))
    expect(resource.current).to.equal(before)
    expect(told).to.deep.equal([1])
  })

  it('tells nobody who has left', () => {
    const leave = resource.subscribe(() => expect.fail('told'))
    leave()
    resource.follow([acme])
    expect(told).to.deep.equal([1])
  })

  it('keeps what is in force where the new one is larger than a message may be', () => {
    resource.follow([acme])
    const before = resource.current
    resource.publish({ version: 'large', authorities: 99_999, pem: 'x'.repeat(maxTruststoreBytes + 1) })
    expect(resource.current).to.equal(before)
    expect(refused).to.have.lengthOf(1)
    expect(refused[0]).to.match(/^99999 CAs are more than .*; register fewer/)
    expect(told).to.deep.equal([1])
  })
})
