import { expect } from 'chai'
import type { RevocationOptions } from '../../../src/revocation/options.ts'
import { type FetchOutcome, ResponderClient } from '../../../src/revocation/responder.ts'
import type { OcspRevocation, RevocationParts } from '../../../src/revocation/revocation.ts'
import { defaults, minuteMs, openProcess, type Registered, register, responseFor } from './fixture.ts'
import { SimulatedTime, settled } from './simulated_time.ts'

/** A responder without a network: it answers at once, for ten minutes, or is down. */
class SimulatedResponder extends ResponderClient {
  readonly asked: { readonly atMs: number; readonly serialNumber: string }[] = []
  down = false
  /** What it says instead. */
  answer: (registered: Registered) => Buffer
  readonly #time: SimulatedTime
  readonly #registered: readonly Registered[]

  constructor(time: SimulatedTime, registered: readonly Registered[]) {
    super(defaults)
    this.#time = time
    this.#registered = registered
    this.answer = (of) => freshAnswer(of, time)
  }

  override async fetch(_: URL, request: Uint8Array): Promise<FetchOutcome> {
    const asked = this.#registered.find(({ issued }) =>
      Buffer.from(request).includes(Buffer.from(issued.serialNumber, 'hex')),
    )!
    this.asked.push({ atMs: this.#time.now.getTime(), serialNumber: asked.issued.serialNumber })
    if (this.down) return { status: 'failed', cause: 'connect_failed', detail: 'down' }
    return { status: 'answered', der: this.answer(asked) }
  }
}

const validityMs = 10 * minuteMs
const freshAnswer = (registered: Registered, { now }: SimulatedTime): Buffer => {
  const thisUpdate = new Date(Math.floor(now.getTime() / 1_000) * 1_000)
  return responseFor(registered, { thisUpdate, nextUpdate: new Date(thisUpdate.getTime() + validityMs) })
}

describe('refresher', () => {
  const rate = 10
  const ocspUrls = ['http://ocsp.example.com/']
  const registeredMany = (count: number): Registered[] => Array.from({ length: count }, () => register({ ocspUrls }))
  const many = registeredMany(60)
  let time: SimulatedTime
  let responder: SimulatedResponder
  let revocation: OcspRevocation
  const certificates = many.map(({ certificate }) => certificate)

  function open(changes: Partial<RevocationOptions> = {}, parts: Partial<RevocationParts> = {}): void {
    time = new SimulatedTime()
    responder = new SimulatedResponder(time, many)
    const refresh = { at: 0.5, jitter: 0.1, retryMs: 5_000, maxRetryMs: minuteMs, rate }
    let turn = 0
    // Evenly spread, and the same in every run.
    const random = (): number => (turn++ * 0.618_034) % 1
    revocation = openProcess(
      { now: time.now, read: time.read, advance: () => {} },
      // The breaker has real time.
      { refresh, breaker: { failures: 1_000_000, openMs: 1, maxOpenMs: 1 }, ...changes },
      { client: responder, after: time.after, random, ...parts },
    )
  }
  beforeEach(() => open())
  afterEach(() => revocation.close())

  /** Asks about every certificate, as requests do: all have to be there. */
  function expectAllGood(): void {
    for (const certificate of certificates)
      expect(revocation.statusOf(certificate, time.now)).to.include({ status: 'good', tier: 'memory' })
  }
  /** The most inquiries within any second. */
  function busiestSecond(): number {
    const instants = responder.asked.map(({ atMs }) => atMs)
    return Math.max(...instants.map((from) => instants.filter((at) => at >= from && at < from + 1_000).length))
  }

  it('asks about every certificate at the start, once, at the configured rate', async () => {
    revocation.refresher.register(certificates)
    await time.advance(7_000)
    expect(responder.asked).to.have.length(60)
    expect(new Set(responder.asked.map(({ serialNumber }) => serialNumber)).size).to.equal(60)
    expect(busiestSecond()).to.equal(rate)
    expectAllGood()
    expect(revocation.statistics.refresh).to.deep.equal({ answered: 60, failed: 0, adopted: 0 })
  })

  it('asks again ahead of the end, once a cycle, spread over time, with nobody waiting', async () => {
    revocation.refresher.register(certificates)
    await time.advance(7_000)
    for (let minutes = 0; minutes < 60; minutes++) {
      await time.advance(minuteMs)
      expectAllGood()
    }
    // Half of ten minutes, and up to a tenth of that less: between 12 and 13.4 cycles.
    expect(responder.asked.length / 60 - 1).to.be.within(12, 13.4)
    expect(busiestSecond()).to.be.at.most(rate)
    expect(revocation.statistics).to.include({ waits: 0, late: 0 })
  })

  it('uses one timer for all of them', async () => {
    revocation.refresher.register(certificates)
    await time.advance(minuteMs)
    expect(time.timers).to.equal(1)
  })

  it('survives an outage inside the validity: no wrong answer, no wait, and no burst when it is over', async () => {
    const long = 30 * minuteMs
    responder.answer = (of) =>
      responseFor(of, { thisUpdate: time.now, nextUpdate: new Date(time.now.getTime() + long) })
    revocation.refresher.register(certificates)
    await time.advance(13 * minuteMs)
    responder.down = true
    const before = responder.asked.length
    for (let seconds = 0; seconds < 600; seconds += 10) {
      await time.advance(10_000)
      expectAllGood()
    }
    const during = responder.asked.length - before
    expect(during, 'it was tried').to.be.greaterThan(60)
    responder.down = false
    const backMs = time.now.getTime()
    await time.advance(2 * minuteMs)
    const after = responder.asked.filter(({ atMs }) => atMs >= backMs)
    expect(new Set(after.map(({ serialNumber }) => serialNumber)).size, 'all were refreshed').to.equal(60)
    expect(after).to.have.length(60)
    expect(busiestSecond()).to.be.at.most(rate)
    expectAllGood()
    expect(revocation.statistics).to.include({ waits: 0, late: 0 })
    expect(revocation.statistics.refresh.failed).to.equal(during)
  })

  it('retries less and less often where nothing was ever answered, and all are there soon after', async () => {
    responder.down = true
    revocation.refresher.register(certificates)
    await time.advance(30 * minuteMs)
    const attempts = responder.asked.length / 60
    // After 5, 10, 20 and 40 seconds, then every minute; half of each pause is random.
    expect(attempts).to.be.within(30, 60)
    responder.down = false
    await time.advance(minuteMs + 7_000)
    expectAllGood()
    expect(busiestSecond()).to.be.at.most(rate)
  })

  it('asks again and again, and never in a hurry, while the responder repeats itself', async () => {
    const only = many[0]!
    const frozen = freshAnswer(only, time)
    responder.answer = () => frozen
    revocation.refresher.register([only.certificate])
    await time.advance(validityMs - 2_000)
    expect(responder.asked.length).to.be.within(6, 12)
    responder.answer = (of) => freshAnswer(of, time)
    await time.advance(2_000)
    expect(revocation.statusOf(only.certificate, time.now)).to.include({ status: 'good', tier: 'memory' })
  })

  it('asks at once about what is registered later, and no more about what was removed', async () => {
    revocation.refresher.register(certificates.slice(0, 10))
    await time.advance(2_000)
    revocation.refresher.register(certificates.slice(5, 12))
    await time.advance(2_000)
    expect(responder.asked).to.have.length(12)
    await time.advance(validityMs)
    const removed = new Set(many.slice(0, 5).map(({ issued }) => issued.serialNumber))
    const later = responder.asked.slice(12).map(({ serialNumber }) => serialNumber)
    expect(later.some((serialNumber) => removed.has(serialNumber))).to.equal(false)
    expect(new Set(later).size).to.equal(7)
  })

  it('keeps its plans where the same certificates are registered again', async () => {
    revocation.refresher.register(certificates)
    await time.advance(7_000)
    revocation.refresher.register(many.map(({ certificate }) => ({ ...certificate })))
    await time.advance(minuteMs)
    expect(responder.asked).to.have.length(60)
  })

  it('does not ask about a certificate that has expired, or that names no responder', async () => {
    const expired = register({ ocspUrls, notAfter: new Date(time.now.getTime() - 1_000) })
    const silent = register({ ocspUrls: [] })
    revocation.refresher.register([expired.certificate, silent.certificate])
    await time.advance(minuteMs)
    expect(responder.asked).to.deep.equal([])
  })

  it('leaves what a request has fetched meanwhile', async () => {
    const [first] = certificates
    expect(await revocation.statusOf(first!, time.now)).to.include({ status: 'good', tier: 'responder' })
    revocation.refresher.register([first!])
    await time.advance(minuteMs)
    expect(responder.asked).to.have.length(1)
    expect(revocation.statistics.refresh).to.deep.equal({ answered: 0, failed: 0, adopted: 1 })
  })

  describe('without the fleet', () => {
    const away = { ready: false, acquire: async () => ({ status: 'failed' }) as const }

    it('asks by itself, each certificate at a time of its own', async () => {
      open({}, { leases: away })
      revocation.refresher.register(certificates)
      await time.advance(1_000)
      expect(responder.asked.length).to.be.below(30)
      await time.advance(11_000)
      expect(responder.asked).to.have.length(60)
      for (let minutes = 0; minutes < 30; minutes++) {
        await time.advance(minuteMs)
        expectAllGood()
      }
      expect(revocation.statistics).to.include({ waits: 0 })
      // It asks between a half and three quarters of the validity.
      expect(responder.asked.length / 60 - 1).to.be.within(3.5, 6)
    })
  })

  it('begins nothing once it was stopped', async () => {
    revocation.refresher.register(certificates)
    await settled()
    await revocation.close()
    const { length } = responder.asked
    await time.advance(minuteMs)
    expect(responder.asked).to.have.length(length)
    expect(time.timers).to.equal(0)
  })
})
