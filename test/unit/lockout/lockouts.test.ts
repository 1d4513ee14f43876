import { expect } from 'chai'
import type { AttemptStore, Lock } from '../../../src/lockout/attempt_store.ts'
import type { Limit } from '../../../src/lockout/attempts.ts'
import {
  type Fleet,
  type FleetListener,
  type LockoutLimits,
  type LockoutObserver,
  Lockouts,
} from '../../../src/lockout/lockouts.ts'
import { MemoryAttempts } from '../../../src/lockout/memory_attempts.ts'
import { clientKeyHashOf } from '../../../src/lockout/subject.ts'
import { TestClock } from '../revocation/fixture.ts'

const lasting = { windowMs: 600_000, lockMs: 60_000, maxLockMs: 240_000 }
const limitOf = (attempts: number): Limit => ({ attempts, ...lasting })
const limits: LockoutLimits = { client_key: limitOf(3), address: limitOf(10), distributed: limitOf(6) }

const guesser = '198.51.100.7'
const office = '192.0.2.1'

describe('guessing ClientSecrets', () => {
  let clock: TestClock
  let inForce: LockoutLimits
  let began: Parameters<LockoutObserver['onBegan']>[0][]
  let refused: string[]
  beforeEach(() => {
    clock = new TestClock()
    inForce = limits
    began = []
    refused = []
  })

  function open(openFleet?: (listener: FleetListener) => Fleet): Lockouts {
    return new Lockouts({
      ...{ limits: () => inForce, clock: clock.read, openFleet },
      observer: {
        onBegan: (lock) => void began.push(lock),
        onRefused: (by) => void refused.push(by),
        onLifted: () => {},
      },
    })
  }
  const fail = (lockouts: Lockouts, clientKey: string, source: string, times = 1): void => {
    for (let i = 0; i < times; i++) lockouts.failed({ clientKey, source }, 'acme', clock.now)
  }
  const lockOf = (lockouts: Lockouts, clientKey: string, source: string) =>
    lockouts.lockOf({ clientKey, source }, clock.now)

  it('locks a ClientKey at an address after so many wrong secrets, and not the ClientKey elsewhere', () => {
    const lockouts = open()
    fail(lockouts, 'acme-key', guesser, 2)
    expect(lockOf(lockouts, 'acme-key', guesser)).to.equal(undefined)
    fail(lockouts, 'acme-key', guesser)
    expect(lockOf(lockouts, 'acme-key', guesser)).to.deep.equal({ by: 'client_key', retryAfterMs: 60_000 })
    expect(lockOf(lockouts, 'acme-key', office)).to.equal(undefined)
    expect(lockOf(lockouts, 'bolt-key', guesser)).to.equal(undefined)
    expect(refused).to.deep.equal(['client_key'])
  })

  it('locks a ClientKey that nobody has the same way', () => {
    const lockouts = open()
    for (let i = 0; i < 3; i++) lockouts.failed({ clientKey: 'nobody', source: guesser }, undefined, clock.now)
    expect(lockOf(lockouts, 'nobody', guesser)).to.deep.equal({ by: 'client_key', retryAfterMs: 60_000 })
  })

  it('lets go when the lock has ended, and locks for longer the next time', () => {
    const lockouts = open()
    fail(lockouts, 'acme-key', guesser, 3)
    clock.advance(60_000)
    expect(lockOf(lockouts, 'acme-key', guesser)).to.equal(undefined)
    fail(lockouts, 'acme-key', guesser, 3)
    expect(lockOf(lockouts, 'acme-key', guesser)?.retryAfterMs).to.equal(120_000)
  })

  it('counts an IPv6 host as its /64, whichever address it takes', () => {
    const lockouts = open()
    for (const host of ['1', '2', 'ffff:1']) fail(lockouts, 'acme-key', `2001:db8::${host}`)
    expect(lockOf(lockouts, 'acme-key', '2001:db8::42')?.by).to.equal('client_key')
    expect(lockOf(lockouts, 'acme-key', '2001:db8:0:1::42')).to.equal(undefined)
  })

  it('locks an address that tries many ClientKeys, but for callers that had the right secret there', () => {
    const lockouts = open()
    lockouts.succeeded({ clientKey: 'neighbour-key', source: guesser }, clock.now)
    for (let i = 0; i < 10; i++) fail(lockouts, `key-${i}`, guesser)
    expect(lockOf(lockouts, 'another-key', guesser)?.by).to.equal('address')
    expect(lockOf(lockouts, 'neighbour-key', guesser)).to.equal(undefined)
    expect(lockOf(lockouts, 'another-key', office)).to.equal(undefined)
    clock.advance(24 * 3_600_000)
    for (let i = 0; i < 10; i++) fail(lockouts, `key-${i}`, guesser)
    expect(lockOf(lockouts, 'neighbour-key', guesser)?.by).to.equal('address')
  })

  it('leaves each address one attempt while a ClientKey is guessed from many, and the rightful caller all', () => {
    const lockouts = open()
    lockouts.succeeded({ clientKey: 'acme-key', source: office }, clock.now)
    for (let i = 0; i < 6; i++) fail(lockouts, 'acme-key', `203.0.113.${i}`)
    expect(lockOf(lockouts, 'acme-key', '203.0.113.0')?.by).to.equal('client_key')
    expect(lockOf(lockouts, 'acme-key', '203.0.113.99'), 'a first attempt').to.equal(undefined)
    fail(lockouts, 'acme-key', '203.0.113.99')
    expect(lockOf(lockouts, 'acme-key', '203.0.113.99')?.by).to.equal('client_key')
    expect(lockOf(lockouts, 'acme-key', office)).to.equal(undefined)
    fail(lockouts, 'acme-key', office)
    expect(lockOf(lockouts, 'acme-key', office), 'after a mistake').to.equal(undefined)
    expect(lockOf(lockouts, 'bolt-key', '203.0.113.0')).to.equal(undefined)
  })

  it('does not let right secrets in between win further guesses', () => {
    const lockouts = open()
    for (let i = 0; i < 3; i++) {
      lockouts.succeeded({ clientKey: 'acme-key', source: guesser }, clock.now)
      fail(lockouts, 'acme-key', guesser)
    }
    expect(lockOf(lockouts, 'acme-key', guesser)?.by).to.equal('client_key')
  })

  it('is not looked at where it is switched off, and by other limits once they are in force', () => {
    const lockouts = open()
    inForce = undefined
    fail(lockouts, 'acme-key', guesser, 20)
    expect(lockOf(lockouts, 'acme-key', guesser)).to.equal(undefined)
    inForce = { ...limits, client_key: limitOf(1) }
    fail(lockouts, 'acme-key', guesser)
    expect(lockOf(lockouts, 'acme-key', guesser)?.by).to.equal('client_key')
    inForce = undefined
    expect(lockOf(lockouts, 'acme-key', guesser)).to.equal(undefined)
  })

  it('tells of each lock once, whose it is, and nothing of the ClientKey', async () => {
    const lockouts = open()
    fail(lockouts, 'acme-key', guesser, 5)
    await new Promise(setImmediate)
    expect(began).to.have.length(1)
    expect(began[0]).to.deep.include({ devApp: 'acme', locks: 1, until: clock.now.getTime() + 60_000 })
    expect(began[0]?.subject).to.deep.include({
      ...{ kind: 'client_key', network: guesser, clientKeyHash: clientKeyHashOf('acme-key') },
    })
    expect(JSON.stringify(began)).not.to.include('acme-key')
  })

  it('lists locks until they end, and lifts those that an operator names', async () => {
    const lockouts = open()
    for (const clientKey of ['acme-key', 'bolt-key']) fail(lockouts, clientKey, guesser, 3)
    fail(lockouts, 'acme-key', office, 3)
    expect(lockouts.locks(clock.now).filter(({ subject }) => subject.kind === 'client_key')).to.have.length(3)
    expect(await lockouts.lift({ kind: 'client_key', clientKey: 'bolt-key' }, clock.now)).to.deep.equal({
      ...{ lifted: 1, fleet: true },
    })
    expect(lockOf(lockouts, 'bolt-key', guesser)).to.equal(undefined)
    expect((await lockouts.lift({ kind: 'source', address: office }, clock.now)).lifted).to.equal(1)
    expect(lockOf(lockouts, 'acme-key', office)).to.equal(undefined)
    expect(lockOf(lockouts, 'acme-key', guesser)?.by).to.equal('client_key')
    clock.advance(60_000)
    expect(lockouts.locks(clock.now)).to.deep.equal([])
    fail(lockouts, 'bolt-key', guesser, 3)
    expect(lockOf(lockouts, 'bolt-key', guesser)?.retryAfterMs, 'what led to it is forgotten').to.equal(60_000)
  })

  describe('in a fleet', () => {
    class FleetStandIn implements Fleet {
      readonly #store = new MemoryAttempts()
      readonly listeners: FleetListener[] = []
      ready = true
      asked = 0
      readonly record: AttemptStore['record'] = async (failures, now) => {
        this.asked++
        if (!this.ready) return undefined
        const counted = this.#store.record(failures, now)
        counted.forEach(({ began, lockedUntil }, index) => {
          const subject = failures[index]?.subject
          if (began && subject) for (const { onLocked } of this.listeners) onLocked({ subject, until: lockedUntil })
        })
        return counted
      }
      readonly lift: AttemptStore['lift'] = async (subjects) => {
        if (!this.ready) return false
        this.#store.lift(subjects)
        for (const { onLifted } of this.listeners) onLifted(new Set(subjects.map(({ id }) => id)))
        return true
      }
      readonly join = (listener: FleetListener): Fleet => {
        this.listeners.push(listener)
        return this
      }
      close(): void {}
    }
    const settled = () => new Promise(setImmediate)

    it('counts what two processes saw, and tells of the lock once', async () => {
      const fleet = new FleetStandIn()
      const [one, other] = [open(fleet.join), open(fleet.join)]
      fail(one, 'acme-key', guesser, 2)
      await settled()
      fail(other, 'acme-key', guesser)
      await settled()
      for (const each of [one, other]) expect(lockOf(each, 'acme-key', guesser)?.by).to.equal('client_key')
      expect(began).to.have.length(1)
    })

    it('is not asked about callers with the right secret, nor about those that are locked', async () => {
      const fleet = new FleetStandIn()
      const lockouts = open(fleet.join)
      for (let i = 0; i < 100; i++) {
        expect(lockOf(lockouts, 'acme-key', office)).to.equal(undefined)
        lockouts.succeeded({ clientKey: 'acme-key', source: office }, clock.now)
      }
      expect(fleet.asked).to.equal(0)
      fail(lockouts, 'acme-key', guesser, 3)
      for (let i = 0; i < 100; i++) lockOf(lockouts, 'acme-key', guesser)
      expect(fleet.asked).to.equal(3)
    })

    it('counts alone while Redis is away, and tells of its locks', async () => {
      const fleet = new FleetStandIn()
      fleet.ready = false
      const lockouts = open(fleet.join)
      fail(lockouts, 'acme-key', guesser, 3)
      await settled()
      expect(lockOf(lockouts, 'acme-key', guesser)?.by).to.equal('client_key')
      expect([began.length, lockouts.fleet]).to.deep.equal([1, 'away'])
      expect(await lockouts.lift({ kind: 'all' }, clock.now)).to.deep.equal({ lifted: 1, fleet: false })
    })

    it('does not pile up what waits for Redis', () => {
      let asked = 0
      const never: Fleet = {
        ...{ ready: true, lift: () => true, close: () => {} },
        record: () => {
          asked++
          return new Promise(() => {})
        },
      }
      const lockouts = open(() => never)
      for (let i = 0; i < 1_000; i++) fail(lockouts, `key-${i}`, `10.0.${i >> 8}.${i & 255}`)
      expect(asked).to.equal(256)
    })

    it('lifts a lock everywhere', async () => {
      const fleet = new FleetStandIn()
      const [one, other] = [open(fleet.join), open(fleet.join)]
      fail(one, 'acme-key', guesser, 3)
      await settled()
      expect(await other.lift({ kind: 'client_key', clientKey: 'acme-key' }, clock.now)).to.deep.equal({
        ...{ lifted: 1, fleet: true },
      })
      for (const each of [one, other]) expect(lockOf(each, 'acme-key', guesser)).to.equal(undefined)
    })

    it('takes no word for a lock that lasts longer than any', () => {
      const fleet = new FleetStandIn()
      const lockouts = open(fleet.join)
      fail(lockouts, 'acme-key', guesser, 3)
      const [{ subject }] = lockouts.locks(clock.now) as [Lock]
      for (const { onLocked } of fleet.listeners) onLocked({ subject, until: clock.now.getTime() + 86_400_000 })
      expect(lockOf(lockouts, 'acme-key', guesser)?.retryAfterMs).to.equal(60_000)
    })
  })
})
