import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { Doorbell } from '../../../../src/registry/postgres/doorbell.ts'

const never = 60_000
const isHeard = async (bell: Doorbell): Promise<boolean> =>
  Promise.race([bell.heard(never).then(() => true), pause(20, false)])

describe('Doorbell', () => {
  it('is heard by one who waits', async () => {
    const bell = new Doorbell()
    const heard = bell.heard(never)
    bell.ring()
    await heard
  })

  it('is heard by one who comes later, once however often it rang', async () => {
    const bell = new Doorbell()
    bell.ring()
    bell.ring()
    expect(await isHeard(bell)).to.equal(true)
    const next = bell.heard(never)
    expect(await Promise.race([next.then(() => true), pause(20, false)])).to.equal(false)
    bell.ring()
    await next
  })

  it('lets nobody wait for ever', async () => {
    await new Doorbell().heard(1)
  })
})
