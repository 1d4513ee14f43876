import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { type VerifiedCrl, verifyCrlInSteps } from '../../../src/pki/crl_verification.ts'
import { crl, manyEntries, manySerial } from '../../support/crl.ts'
import { Authority, fixedNow } from '../../support/pki.ts'

describe('a CRL with a million entries', () => {
  const count = 1_000_000
  const megabyte = 1_000_000
  let verified: VerifiedCrl
  let longestStepMs = 0

  before(function () {
    this.timeout(60_000)
    const { certificate } = Authority.root()
    const bytes = crl({ issuer: certificate, entries: manyEntries(count) })
    expect(bytes.length).to.be.greaterThan(40 * megabyte)
    const steps = verifyCrlInSteps(bytes, {
      ...{ issuer: certificateFromDer(certificate.der), at: fixedNow },
      ...{ skewMs: 0, maxAgeMs: 0, allowSha1: false },
    })
    for (;;) {
      const started = performance.now()
      const step = steps.next()
      longestStepMs = Math.max(longestStepMs, performance.now() - started)
      if (step.done !== true) continue
      if (step.value.status === 'rejected') throw new Error(`${step.value.code} ${step.value.detail}`)
      verified = step.value
      break
    }
  })

  it('takes less than 40 MB, all of it in two arrays of octets and slots', () => {
    expect(verified.revoked.size).to.equal(count)
    expect(verified.revoked.byteLength).to.be.lessThan(40 * megabyte)
  })

  it('is read in steps that let requests pass between them', () => {
    expect(longestStepMs).to.be.lessThan(1_000)
  })

  it('is searched in microseconds', () => {
    const searches = 200_000
    let found = 0
    const started = performance.now()
    for (let i = 0; i < searches; i++) {
      if (verified.revoked.find(manySerial(i * 7)) !== undefined) found++
    }
    const microseconds = ((performance.now() - started) * 1_000) / searches
    expect(found).to.equal(Math.ceil(count / 7))
    expect(microseconds).to.be.lessThan(50)
  })
})
