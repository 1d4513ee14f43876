import { expect } from 'chai'
import { MemoryReplays } from '../../../src/signing/memory_replays.ts'
import { now } from '../../support/evidence.ts'

describe('the signatures that a process remembers', () => {
  let at = now.getTime()
  const memory = (maxEntries: number) => {
    at = now.getTime()
    return new MemoryReplays({ maxEntries, clock: () => new Date(at) })
  }

  it('are new once, and again when their time is over', () => {
    const replays = memory(10)
    expect(replays.firstUse('a', 1_000)).to.deep.equal({ status: 'new' })
    at += 999
    expect(replays.firstUse('a', 1_000)).to.deep.equal({ status: 'seen' })
    at += 1
    expect(replays.firstUse('a', 1_000)).to.deep.equal({ status: 'new' })
  })

  it('are no more than there is room for: none is forgotten early for a newer one', () => {
    const replays = memory(2)
    replays.firstUse('a', 5_000)
    replays.firstUse('b', 10_000)
    expect(replays.firstUse('c', 10_000)).to.include({ status: 'unknown' })
    expect(replays.firstUse('a', 10_000)).to.deep.equal({ status: 'seen' })
    at += 5_000
    expect(replays.firstUse('c', 10_000)).to.deep.equal({ status: 'new' })
    expect(replays.firstUse('b', 10_000)).to.deep.equal({ status: 'seen' })
    expect(replays.size).to.equal(2)
  })

  it('are looked through for room once a second at most', () => {
    const replays = memory(1)
    replays.firstUse('a', 1_500)
    expect(replays.firstUse('b', 1_000)).to.include({ status: 'unknown' })
    at += 1_600
    expect(replays.firstUse('b', 1_000)).to.deep.equal({ status: 'new' })
    at += 1_000
    expect(replays.firstUse('c', 10)).to.deep.equal({ status: 'new' })
    at += 10
    expect(replays.firstUse('d', 10)).to.include({ status: 'unknown' })
  })
})
