import { expect } from 'chai'
import { Readiness } from '../../../src/ops/readiness.ts'

describe('readiness', () => {
  it('names what is missing, and is there once nothing is', () => {
    let registry: string | undefined = 'nothing was read yet'
    const readiness = new Readiness([
      { name: 'registry', missing: () => registry },
      { name: 'trust store', missing: () => undefined },
    ])
    expect([readiness.ready, readiness.missing]).to.deep.equal([false, ['registry: nothing was read yet']])
    registry = undefined
    expect([readiness.ready, readiness.missing]).to.deep.equal([true, []])
  })

  it('tells when it comes and goes, and only then', () => {
    let missing: string | undefined = 'not yet'
    const readiness = new Readiness([{ name: 'registry', missing: () => missing }])
    const told: boolean[] = []
    readiness.subscribe(() => told.push(readiness.ready))
    readiness.renew()
    readiness.renew()
    missing = undefined
    readiness.renew()
    readiness.renew()
    expect(told).to.deep.equal([false, true])
  })

  it('ends with the process, whatever is there', () => {
    const readiness = new Readiness([])
    readiness.beginStopping()
    expect(readiness.missing).to.deep.equal(['process: it is shutting down'])
  })
})
