import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { codeOf, openConnection } from '../../demo/client.ts'
import type { Gateway } from '../../demo/gateway.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { type Attack, Http2Attacker } from '../support/http2_attacker.ts'

const callers = 4
const windowMs = 1_000
const rounds = 6
/** Of their throughput without the attack. */
const kept = 0.8

describe('a peer of the gRPC socket that is no Envoy', function () {
  this.timeout(120_000)
  let gateway: Gateway
  let attacker: Http2Attacker | undefined
  const agents = Array.from({ length: callers }, openConnection)

  before(async () => {
    gateway = await startDemoGateway()
    await callFor(windowMs)
  })
  after(async () => {
    attacker?.stop()
    for (const agent of agents) agent.destroy()
    await gateway.stop()
  })

  /** How many requests Envoy's callers had allowed; every other answer throws. */
  async function callFor(ms: number): Promise<number> {
    const end = performance.now() + ms
    let allowed = 0
    await Promise.all(
      agents.map(async (agent) => {
        while (performance.now() < end) {
          const answer = await gateway.call({ sni: 'api2.example.com', path: '/v1/callback', agent })
          if (codeOf(answer) !== 'allowed') throw new Error(`a good caller was told ${codeOf(answer)}`)
          allowed++
        }
      }),
    )
    return allowed
  }

  const memoryOf = (pid: number): number =>
    Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024

  const tookHold: Record<Attack, (done: Http2Attacker['done']) => boolean> = {
    ...{ resets: ({ sentAway }) => sentAway > 0, garbage: ({ sentAway }) => sentAway > 0 },
    ...{ held: ({ streams }) => streams > 0, huge: ({ streams }) => streams > 0 },
    // Beyond what is taken at once.
    connections: ({ connections }) => connections > 100,
  }
  const attacks: [Attack, string][] = [
    ['resets', 'that resets every stream (CVE-2023-44487)'],
    ['held', 'that opens streams without end'],
    ['huge', 'that sends huge messages and never ends one'],
    ['garbage', 'that sends what is no request'],
    ['connections', 'that connects again and again'],
  ]
  for (const [attack, title] of attacks) {
    it(`${title} leaves good callers their throughput, and every one an answer`, async () => {
      const pid = gateway.service?.pid ?? 0
      const before = memoryOf(pid)
      const ratios: number[] = []
      // What else this machine does meets both halves of a round alike, or it is another round's turn.
      while (ratios.length < rounds && Math.max(0, ...ratios) < kept) {
        const alone = await callFor(windowMs)
        attacker = await Http2Attacker.start(attack, join(gateway.folder, 'authz.sock'))
        try {
          await attacker.until(tookHold[attack])
          ratios.push((await callFor(windowMs)) / alone)
          expect(attacker.done.connections).to.be.greaterThan(0)
        } finally {
          attacker.stop()
        }
      }
      const told = ratios.map((ratio) => ratio.toFixed(2)).join(', ')
      console.log(`        ${attack}: ${told}; +${Math.round(memoryOf(pid) - before)} MiB`)
      expect(Math.max(...ratios), told).to.be.at.least(kept)
      expect(memoryOf(pid) - before, 'MiB that it took').to.be.below(512)
    })
  }
})
