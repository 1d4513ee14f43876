import { setTimeout as pause } from 'node:timers/promises'
import { expect } from 'chai'
import { Breaker, Breakers } from '../../src/breaker.ts'

const options = { failures: 3, openMs: 40, maxOpenMs: 80 }

describe('breaker', () => {
  const breakerOf = () => new Breaker<string>(options, (outcome) => outcome === 'failed')
  const failing = async () => 'failed'
  const working = async () => 'worked'

  async function broken(): Promise<Breaker<string>> {
    const breaker = breakerOf()
    for (let i = 0; i < options.failures; i++) expect(await breaker.attempt(failing)).to.equal('failed')
    return breaker
  }

  it('makes no attempt after so many failures in a row', async () => {
    const breaker = await broken()
    expect(await breaker.attempt(async () => expect.fail('attempted'))).to.equal(undefined)
  })

  it('counts anew after a success', async () => {
    const breaker = breakerOf()
    for (let i = 0; i < 10; i++) {
      await breaker.attempt(failing)
      await breaker.attempt(failing)
      expect(await breaker.attempt(working)).to.equal('worked')
    }
  })

  it('lets one probe through after a pause, and sends the others away meanwhile', async () => {
    const breaker = await broken()
    await pause(options.openMs + 5)
    let answer: (outcome: string) => void = () => {}
    const probe = breaker.attempt(() => new Promise((resolve) => (answer = resolve)))
    expect(await breaker.attempt(working)).to.equal(undefined)
    answer('worked')
    expect(await probe).to.equal('worked')
    expect(await breaker.attempt(working)).to.equal('worked')
  })

  it('stays open where the probe fails', async () => {
    const breaker = await broken()
    await pause(options.openMs + 5)
    expect(await breaker.attempt(failing)).to.equal('failed')
    expect(await breaker.attempt(working)).to.equal(undefined)
  })

  it('is one for each responder', async () => {
    const breakers = new Breakers<string>(options, (outcome) => outcome === 'failed')
    const [dead, alive] = [new URL('http://a.example.com/x'), new URL('http://b.example.com/x')]
    for (let i = 0; i < options.failures; i++) await breakers.of(dead).attempt(failing)
    expect(await breakers.of(new URL('http://a.example.com/y')).attempt(working)).to.equal(undefined)
    expect(await breakers.of(alive).attempt(working)).to.equal('worked')
  })
})
