import { expect } from 'chai'
import { ShadowNotice } from '../../../src/ops/shadow_notice.ts'

describe('ShadowNotice', () => {
  let notice: ShadowNotice | undefined
  afterEach(() => notice?.stop())

  /** What is warned of, by the real timer, of policies that are in shadow as `inShadow` says. */
  function watch(inShadow: (now: Date) => { policy: string; until: Date | undefined }[]) {
    const warned: unknown[] = []
    let onWarned = (): void => {}
    const warn = (...[what]: [unknown]): void => {
      warned.push(what)
      onWarned()
    }
    notice = new ShadowNotice({ log: { warn: warn as never }, clock: () => new Date(), inShadow })
    const next = new Promise<void>((resolve) => {
      onWarned = resolve
    })
    return { warned, next, notice }
  }

  it('names the policies at once, and says nothing where there are none', () => {
    const policies = [{ policy: 'data', until: undefined }]
    expect(watch(() => policies).warned).to.deep.equal([{ policies }])
    expect(watch(() => []).warned).to.deep.equal([])
  })

  it('says by the clock that the time is over', async () => {
    const until = new Date(Date.now() + 30)
    const { warned, next } = watch((now) => (now < until ? [{ policy: 'data', until }] : []))
    await next
    expect(Date.now()).to.be.at.least(until.getTime())
    expect(warned).to.deep.equal([
      { policies: [{ policy: 'data', until }] },
      'shadow mode is over: every refusal is enforced',
    ])
  })

  it('waits for an end that no timer reaches', () => {
    const until = new Date(Date.now() + 400 * 86_400_000)
    expect(watch(() => [{ policy: 'data', until }]).warned).to.have.length(1)
  })

  it('speaks again when the policies have changed, and only then', () => {
    let policies = [{ policy: 'data', until: undefined }]
    const { warned, notice } = watch(() => policies)
    notice.renew()
    expect(warned).to.have.length(1)
    policies = [{ policy: 'merchant', until: undefined }]
    notice.renew()
    expect(warned.slice(1)).to.deep.equal([{ policies }])
  })
})
