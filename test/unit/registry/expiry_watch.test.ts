import { expect } from 'chai'
import { ExpiryWatch } from '../../../src/registry/expiry_watch.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { certificate, devApp, registered } from '../../support/evidence.ts'
import { fixedNow } from '../../support/pki.ts'
import { SimulatedTime } from '../revocation/simulated_time.ts'

const dayMs = 86_400_000
const holding = (ends: Readonly<Record<string, number>>) =>
  new RegistrySnapshot([
    devApp({
      certificates: Object.entries(ends).map(([sha256, days]) =>
        registered(
          certificate({ sha256, serialNumber: sha256, notAfter: new Date(fixedNow.getTime() + days * dayMs) }),
        ),
      ),
    }),
  ])

describe('ExpiryWatch', () => {
  let time: SimulatedTime
  let said: string[]
  let watch: ExpiryWatch
  beforeEach(() => {
    time = new SimulatedTime()
    said = []
    watch = watchWith()
  })
  const watchWith = (firstLookInMs?: number): ExpiryWatch =>
    new ExpiryWatch({
      clock: time.read,
      after: time.after,
      firstLookInMs,
      observer: {
        onFirstLook: (counts) => said.push(JSON.stringify(counts)),
        onExpiry: ({ certificate: { leaf }, horizon }) => said.push(`${leaf.sha256} ${horizon}`),
        onMore: (count) => said.push(`${count} more`),
      },
    })
  const saidSince = (): string[] => said.splice(0)

  it('begins with the counts, and names those that are within a horizon', () => {
    watch.watch(holding({ a: 90, b: 20, c: 3, d: -2 }))
    const counts = '{"expired":1,"1d":0,"7d":1,"14d":1,"30d":2}'
    expect(saidSince()).to.deep.equal([counts, 'd expired', 'c 7d', 'b 30d'])
    expect(JSON.stringify(watch.counts)).to.equal(counts)
  })

  it('puts its first look off, once, and looks at what is there then', async () => {
    watch = watchWith(1_000)
    watch.watch(holding({ a: 3 }))
    await time.advance(999)
    watch.watch(holding({ b: 3 }))
    expect([saidSince(), watch.counts]).to.deep.equal([[], undefined])
    await time.advance(1)
    expect(saidSince()).to.deep.equal(['{"expired":0,"1d":0,"7d":1,"14d":1,"30d":1}', 'b 7d'])
    watch.watch(holding({ b: 3, c: 3 }))
    await time.advance(10_000)
    expect(saidSince()).to.deep.equal(['c 7d'])
  })

  it('notices each horizon of a certificate once, when its end comes within', async () => {
    watch.watch(holding({ a: 31.5 }))
    saidSince()
    const days: [number, string[]][] = []
    for (let day = 1; day <= 34; day++) {
      await time.advance(dayMs)
      const news = saidSince()
      if (news.length > 0) days.push([day, news])
    }
    expect(days).to.deep.equal([
      [2, ['a 30d']],
      [18, ['a 14d']],
      [25, ['a 7d']],
      [31, ['a 1d']],
      [32, ['a expired']],
    ])
  })

  it('looks again at a changed registry within ten seconds, however often it changes, and repeats nothing', async () => {
    watch.watch(holding({ a: 3 }))
    saidSince()
    for (let second = 0; second < 9; second++) {
      watch.watch(holding({ a: 3, [`b${second}`]: 10 }))
      await time.advance(1_000)
    }
    expect(saidSince()).to.deep.equal([])
    await time.advance(1_000)
    expect(saidSince()).to.deep.equal(['b8 14d'])
  })

  it('names a hundred at once, the nearest to their end, and counts the rest', () => {
    watch.watch(holding(Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`c${i}`, 20 - i / 100]))))
    const [, first, ...rest] = saidSince()
    expect(first).to.equal('c129 30d')
    expect(rest).to.have.length(100)
    expect(rest.at(-1)).to.equal('30 more')
  })

  it('waits with one timer, and leaves none behind', () => {
    watch.watch(holding({ a: 3, b: 40 }))
    watch.watch(holding({ a: 3 }))
    expect(time.timers).to.equal(1)
    watch.stop()
    expect(time.timers).to.equal(0)
  })
})
