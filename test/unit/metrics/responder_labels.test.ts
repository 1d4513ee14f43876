import { expect } from 'chai'
import { ResponderLabels } from '../../../src/metrics/responder_labels.ts'

describe('labels of responders', () => {
  it('gives the first fifty responders a label of their own, and all others one together', () => {
    const labels = new ResponderLabels()
    const names = Array.from({ length: 60 }, (_, i) => `ocsp${i}.example`)

    expect(names.map((name) => labels.labelOf(name))).to.deep.equal([
      ...names.slice(0, 50),
      ...Array.from({ length: 10 }, () => 'other'),
    ])
    expect(labels.labelOf('ocsp0.example')).to.equal('ocsp0.example')
    expect([...labels.own()]).to.deep.equal(names.slice(0, 50))
  })
})
