import { expect } from 'chai'
import { CurrentRevocation } from '../../src/revocation/current_revocation.ts'
import type { RevocationOptions } from '../../src/revocation/options.ts'
import { answering, TestResponder } from '../support/test_responder.ts'
import { defaults, eventually, openProcess, register, responseFor, TestClock } from '../unit/revocation/fixture.ts'

describe('revocation whose settings change', () => {
  let responder: TestResponder
  const clock = new TestClock()

  before(async () => {
    responder = await TestResponder.start()
  })
  after(() => responder.stop())

  async function serving(changes: Partial<RevocationOptions> = {}) {
    const one = register({ ocspUrls: [responder.url] })
    responder.behaviour = answering(responseFor(one))
    const revocation = new CurrentRevocation({ ...defaults, ...changes }, (options, inherited) =>
      openProcess(clock, options, inherited),
    )
    revocation.register([one.certificate])
    const status = () => revocation.statusOf(one.certificate, clock.now)
    await eventually(() => !(status() instanceof Promise))
    return { revocation, status }
  }

  it('goes on with what is remembered, where the same answers count, and with its counters', async () => {
    const { revocation, status } = await serving()
    const asked = responder.requests.length
    const { hits } = revocation.control.statistics.memory
    revocation.replace({ ...defaults, timeoutMs: 300, refresh: { ...defaults.refresh, rate: 10 } })
    expect(status()).to.include({ status: 'good', tier: 'memory' })
    expect(responder.requests.length).to.equal(asked)
    expect(revocation.control.statistics.memory.hits).to.equal(hits + 1)
    await revocation.close()
  })

  it('asks anew where other answers count', async () => {
    const { revocation, status } = await serving()
    const asked = responder.requests.length
    revocation.replace({ ...defaults, skewMs: 0, maxAgeMs: 1_000 })
    expect(status()).to.be.instanceOf(Promise)
    expect(await status()).to.include({ status: 'good', tier: 'responder' })
    expect(responder.requests.length).to.equal(asked + 1)
    await revocation.close()
  })

  it('answers who was waiting by the settings that they began with', async () => {
    const one = register({ ocspUrls: [responder.url] })
    let answer = (): void => {}
    responder.behaviour = (request, response) => {
      answer = () => answering(responseFor(one))(request, response)
    }
    const revocation = new CurrentRevocation({ ...defaults, timeoutMs: 5_000 }, (options, inherited) =>
      openProcess(clock, options, inherited),
    )
    const waiting = revocation.statusOf(one.certificate, clock.now)
    await responder.received(responder.requests.length + 1)
    revocation.replace(defaults)
    answer()
    expect(await waiting).to.include({ status: 'good', tier: 'responder' })
    await revocation.close()
  })
})
