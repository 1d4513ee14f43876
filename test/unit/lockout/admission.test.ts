import { expect } from 'chai'
import { type Locks, refusalOf } from '../../../src/lockout/admission.ts'

const now = 1_000
const none: Locks = { clientKey: 0, address: 0, distributed: 0, proven: false, failed: false }
const refusedBy = (locks: Partial<Locks>): string | undefined => refusalOf({ ...none, ...locks }, now)?.by

describe('an attempt', () => {
  it('may be made where nothing is locked, and where a lock has ended', () => {
    expect(refusalOf(none, now)).to.equal(undefined)
    expect(refusedBy({ clientKey: now, address: now, distributed: now, failed: true })).to.equal(undefined)
  })

  it('is refused for a ClientKey that is locked at this address, whatever came before', () => {
    expect(refusalOf({ ...none, clientKey: now + 5, proven: true }, now)).to.deep.equal({
      ...{ by: 'client_key', until: now + 5 },
    })
  })

  it('is refused from an address that is locked, but for a ClientKey that proved to have the secret there', () => {
    expect(refusedBy({ address: now + 5 })).to.equal('address')
    expect(refusedBy({ address: now + 5, proven: true })).to.equal(undefined)
  })

  it('may be made once from each address while a ClientKey is guessed from many, and freely from one that had the secret', () => {
    expect(refusedBy({ distributed: now + 5 })).to.equal(undefined)
    expect(refusedBy({ distributed: now + 5, failed: true })).to.equal('client_key')
    expect(refusedBy({ distributed: now + 5, failed: true, proven: true })).to.equal(undefined)
  })
})
