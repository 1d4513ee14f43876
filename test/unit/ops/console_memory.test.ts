import { expect } from 'chai'
import type { DecisionRecord } from '../../../src/ops/decision_record.ts'
import { type Presented, RecentDenials } from '../../../src/ops/recent_denials.ts'
import { RecentFetches } from '../../../src/ops/recent_fetches.ts'
import { TotalsByMinute } from '../../../src/ops/totals_by_minute.ts'
import { WaitingRenewals } from '../../../src/ops/waiting_renewals.ts'

const record = (changes: Partial<DecisionRecord> = {}): DecisionRecord =>
  ({ code: 'cert_not_registered', policy: 'data', ms: 1, ...changes }) as DecisionRecord
const presented = (changes: Partial<Presented> = {}): Presented => ({
  ...{ host: 'api.example.com', sni: 'api.example.com', certificate: undefined, sha256: undefined },
  ...{ commonName: undefined, clientKey: undefined, ...changes },
})

describe('the recent refusals', () => {
  it('are the latest first, so many and no more', () => {
    const denials = new RecentDenials(3)
    for (const code of ['a', 'b', 'c', 'd', 'e']) denials.add(record({ code }), presented(), 0)
    expect(denials.all.map(({ number, record }) => [number, record.code])).to.deep.equal([
      [5, 'e'],
      [4, 'd'],
      [3, 'c'],
    ])
    expect(denials.get(4)?.record.code).to.equal('d')
    expect(denials.get(2)).to.equal(undefined)
    expect(denials.get(6)).to.equal(undefined)
  })

  it('are told to whoever follows, until that ends', () => {
    const denials = new RecentDenials(3)
    const told: string[] = []
    const end = denials.follow(({ record }) => told.push(record.code))
    denials.add(record({ code: 'a' }), presented(), 0)
    end()
    denials.add(record({ code: 'b' }), presented(), 0)
    expect(told).to.deep.equal(['a'])
  })

  it('keep a copy of the certificate, and none of a very long one', () => {
    const denials = new RecentDenials(3)
    const large = new Uint8Array(100_000)
    denials.add(record(), presented({ certificate: large.subarray(0, 1_000) }), 0)
    denials.add(record(), presented({ certificate: large }), 0)
    expect(denials.get(1)?.presented.certificate?.buffer.byteLength).to.equal(1_000)
    expect(denials.get(2)?.presented.certificate).to.equal(undefined)
  })
})

describe('the waiting renewals', () => {
  it('are each there once, the last seen first, until they are attached', () => {
    const renewals = new WaitingRenewals()
    renewals.add(record({ likely_renewal: 'acme', serial: '01' }), presented({ sha256: 'aa' }), 1)
    renewals.add(record({ likely_renewal: 'bolt', serial: '02' }), presented({ sha256: 'bb' }), 2)
    renewals.add(record({ likely_renewal: 'acme', serial: '01' }), presented({ sha256: 'aa' }), 3)
    renewals.add(record(), presented({ sha256: 'cc' }), 4)
    const waiting = renewals.waiting(() => false)
    expect(waiting.map(({ devApps, requests, firstMs, lastMs }) => [devApps, requests, firstMs, lastMs])).to.deep.equal(
      [
        ['acme', 2, 1, 3],
        ['bolt', 1, 2, 2],
      ],
    )
    expect(renewals.waiting((sha256) => sha256 === 'aa').map(({ devApps }) => devApps)).to.deep.equal(['bolt'])
  })

  it('are so many, and no more', () => {
    const renewals = new WaitingRenewals()
    for (let i = 0; i < 300; i++) renewals.add(record({ likely_renewal: 'acme' }), presented({ sha256: `${i}` }), i)
    expect(renewals.waiting(() => false)).to.have.length(200)
  })
})

describe('the recent fetches', () => {
  it('tell how long a responder takes, and its last error', () => {
    const fetches = new RecentFetches()
    for (const durationMs of [10, 30, 20]) fetches.add({ responder: 'http://a', outcome: 'answered', durationMs }, 1)
    fetches.add({ responder: 'http://a', outcome: 'timeout', durationMs: 1_000 }, 2)
    expect(fetches.responders).to.deep.equal([
      {
        ...{ responder: 'http://a', requests: 4, failures: 1, lastMs: 2, medianMs: 30, longestMs: 1_000 },
        lastError: { atMs: 2, cause: 'timeout' },
      },
    ])
  })

  it('are of fifty responders, whatever certificates name', () => {
    const fetches = new RecentFetches()
    for (let i = 0; i < 80; i++) fetches.add({ responder: `http://${i}`, outcome: 'answered', durationMs: 1 }, 1)
    expect(fetches.responders).to.have.length(50)
  })
})

describe('the totals by minute', () => {
  it('are what was added in each minute, for an hour', () => {
    const totals = new TotalsByMinute()
    totals.look({ hits: 10 }, 0)
    totals.look({ hits: 12 }, 59_000)
    totals.look({ hits: 15 }, 60_000)
    totals.look({ hits: 19 }, 119_000)
    totals.look({ hits: 20 }, 120_000)
    expect(totals.minutes).to.deep.equal([
      { startMs: 60_000, counts: { hits: 7 } },
      { startMs: 120_000, counts: { hits: 1 } },
    ])
    for (let minute = 3; minute < 200; minute++) totals.look({ hits: minute * 10 }, minute * 60_000)
    expect(totals.minutes).to.have.length(60)
  })
})
