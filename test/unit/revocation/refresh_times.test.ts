import { expect } from 'chai'
import { refreshAt, retryAt } from '../../../src/revocation/refresh_times.ts'
import { inMinutes, minuteMs } from './fixture.ts'

const times = { at: 0.5, jitter: 0.1, retryMs: 5_000, maxRetryMs: minuteMs }
const minute = (ms: number): number => (ms - inMinutes(0).getTime()) / minuteMs
const refresh = (from: number, until: number, now: number, random = 0): number =>
  minute(
    refreshAt(
      { thisUpdate: inMinutes(from) },
      inMinutes(until).getTime(),
      inMinutes(now).getTime(),
      times,
      () => random,
    ),
  )
const retry = (failures: number, until: number | undefined, random = 0): number =>
  retryAt(failures, until === undefined ? undefined : until, 0, times, () => random)

describe('refresh times', () => {
  it('refreshes at a part of the validity, whenever the answer came', () => {
    expect(refresh(0, 60, 0)).to.equal(30)
    expect(refresh(0, 60, 29)).to.equal(30)
    expect(refresh(-20, 60, 0)).to.equal(20)
  })

  it('refreshes at the same part of what is left where that has passed: the responder repeats itself', () => {
    expect(refresh(-60, 60, 0)).to.equal(30)
    expect(refresh(-600, 60, 40)).to.equal(50)
  })

  it('takes up to a tenth of the time until then off', () => {
    expect(refresh(0, 60, 0, 0.999_999)).to.be.within(27, 27.1)
    expect(refresh(0, 60, 20, 0.5)).to.equal(29.5)
  })

  it('leaves a pause, however short the answer lasts', () => {
    expect(refresh(-60, 0.001, 0) * minuteMs).to.be.within(999, 1_001)
    expect(refresh(-60, -1, 0) * minuteMs).to.be.within(999, 1_001)
  })

  it('retries after a pause that doubles up to the longest, half of it random', () => {
    expect([1, 2, 3, 4, 5, 6].map((failures) => retry(failures, undefined))).to.deep.equal([
      5_000, 10_000, 20_000, 40_000, 60_000, 60_000,
    ])
    expect(retry(1_000, undefined)).to.equal(60_000)
    expect(retry(5, undefined, 0.999_999)).to.be.within(30_000, 30_001)
  })

  it('retries more often where the answer that is still used ends soon, and as slowly where it has ended', () => {
    expect(retry(5, 100_000)).to.equal(25_000)
    expect(retry(5, 8_000)).to.equal(5_000)
    expect(retry(5, -1)).to.equal(60_000)
  })
})
