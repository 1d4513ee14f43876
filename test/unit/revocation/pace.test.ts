import { expect } from 'chai'
import { type FleetPace, Pace } from '../../../src/revocation/pace.ts'
import { SimulatedTime, settled } from './simulated_time.ts'

describe('pace', () => {
  const startOf = (time: SimulatedTime) => {
    const startMs = time.now.getTime()
    return () => time.now.getTime() - startMs
  }

  it('gives turns at even intervals, and does not make up for those that nobody took', async () => {
    const time = new SimulatedTime()
    const elapsed = startOf(time)
    const pace = new Pace({ rate: 50, clock: time.read, after: time.after })
    const turns: number[] = []
    const take = (count: number) => {
      for (let i = 0; i < count; i++) void pace.turn().then(() => turns.push(elapsed()))
    }
    take(3)
    await time.advance(1_000)
    expect(turns).to.deep.equal([0, 20, 40])
    take(3)
    await time.advance(1_000)
    expect(turns.slice(3)).to.deep.equal([1_000, 1_020, 1_040])
  })

  it('keeps the pace of the fleet, where that can be asked', async () => {
    const time = new SimulatedTime()
    const elapsed = startOf(time)
    const waits = [100, undefined, 0]
    const fleet: FleetPace = { reserve: async () => waits.shift() }
    const pace = new Pace({ rate: 50, clock: time.read, after: time.after, fleet })
    const turns: number[] = []
    const work = (async () => {
      for (let i = 0; i < 3; i++) {
        await pace.turn()
        turns.push(elapsed())
      }
    })()
    await time.advance(1_000)
    await work
    expect(turns).to.deep.equal([100, 120, 140])
  })

  it('keeps nobody waiting once it has ended', async () => {
    const time = new SimulatedTime()
    const pace = new Pace({ rate: 0.001, clock: time.read, after: time.after })
    await pace.turn()
    const waiting = pace.turn()
    await settled()
    expect(time.timers).to.equal(1)
    pace.end()
    await waiting
    expect(time.timers).to.equal(0)
  })
})
