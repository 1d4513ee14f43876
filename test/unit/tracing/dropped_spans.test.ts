import { expect } from 'chai'
import { DroppedSpansNotice } from '../../../src/tracing/dropped_spans.ts'

describe('the notice of dropped spans', () => {
  it('comes at once, then at most once a minute with how many there were since', () => {
    const told: unknown[] = []
    const warn = (what: unknown): void => void told.push(what)
    let nowMs = 0
    const notice = new DroppedSpansNotice({ warn: warn as never }, () => nowMs)
    const failed = { reason: 'export_failed', cause: 'connect ECONNREFUSED' } as const
    for (const [at, spans] of [
      [0, 512],
      [1_000, 512],
      [59_999, 100],
      [60_000, 1],
      [60_001, 7],
    ] as const) {
      nowMs = at
      notice.add({ spans, ...failed })
    }
    expect(told).to.deep.equal([
      { spans: 512, ...failed },
      { spans: 613, ...failed },
    ])
  })
})
