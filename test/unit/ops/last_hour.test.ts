import { expect } from 'chai'
import { LastHour } from '../../../src/ops/last_hour.ts'

const minuteMs = 60_000
const start = 1_000 * minuteMs
const hourOf = () => new LastHour({ series: ['allow', 'cert_revoked'], boundsMs: [1, 10, 100] })

describe('the last hour', () => {
  it('counts by series in the minute that it happened in, the oldest minute first', () => {
    const hour = hourOf()
    hour.add('allow', 0.5, start)
    hour.add('allow', 0.5, start + minuteMs - 1)
    hour.add('cert_revoked', 0.5, start + 2 * minuteMs)
    const minutes = hour.minutesAt(start + 2 * minuteMs)
    expect(minutes).to.have.length(60)
    expect(minutes.slice(-3).map(({ counts }) => counts)).to.deep.equal([{ allow: 2 }, {}, { cert_revoked: 1 }])
    expect(minutes.at(-1)?.startMs).to.equal(start + 2 * minuteMs)
  })

  it('forgets what is longer ago, also after a silence of more than an hour', () => {
    const hour = hourOf()
    hour.add('allow', 0.5, start)
    hour.add('allow', 0.5, start + 60 * minuteMs)
    const sum = (nowMs: number) => hour.minutesAt(nowMs).reduce((sum, { counts }) => sum + (counts['allow'] ?? 0), 0)
    expect(sum(start + 60 * minuteMs)).to.equal(1)
    expect(sum(start + 119 * minuteMs)).to.equal(1)
    expect(sum(start + 120 * minuteMs)).to.equal(0)
    hour.add('allow', 0.5, start + 500 * minuteMs)
    expect(sum(start + 500 * minuteMs)).to.equal(1)
  })

  it('adds to the newest minute while the clock is set back, and does not count what it does not know', () => {
    const hour = hourOf()
    hour.add('allow', 0.5, start)
    hour.add('allow', 0.5, start - 5 * minuteMs)
    hour.add('nonesuch', 0.5, start)
    expect(hour.minutesAt(start).at(-1)?.counts).to.deep.equal({ allow: 2 })
  })

  it('tells how long checks took, of the hour and of each minute', () => {
    const hour = hourOf()
    expect(hour.latencyAt(start).hour).to.equal(undefined)
    for (let i = 0; i < 90; i++) hour.add('allow', 0.5, start)
    for (let i = 0; i < 10; i++) hour.add('allow', 50, start + minuteMs)
    const { hour: all, byMinute } = hour.latencyAt(start + minuteMs)
    expect(all?.p50).to.be.within(0, 1)
    expect(all?.p95).to.be.within(10, 100)
    expect(byMinute.at(-2)?.p99).to.be.within(0, 1)
    expect(byMinute.at(-1)?.p50).to.be.within(10, 100)
    expect(byMinute.at(-3)).to.equal(undefined)
  })

  it('takes durations above the last bound for that bound', () => {
    const hour = hourOf()
    hour.add('allow', 5_000, start)
    expect(hour.latencyAt(start).hour).to.deep.equal({ p50: 100, p95: 100, p99: 100 })
  })
})
