import { setTimeout as pause } from 'node:timers/promises'
import type { Server, UntypedServiceImplementation } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Readiness } from '../ops/readiness.ts'

/** The services of the port, and the port as a whole, which has no name (grpc.health.v1). */
const services = ['', 'envoy.service.auth.v3.Authorization', 'envoy.service.secret.v3.SecretDiscoveryService'] as const

/** Whoever asks for health more seldom is not waited for. */
const recentMs = 600
/** Whoever asked and does so no more for that long is gone, or has heard. */
const silenceMs = 600
/** Envoy's workers hear of it a moment after the thread that asks. */
const spreadMs = 100

/** `grpc.health.v1.Health`: by what Envoy takes a process out of its rotation before that is gone. */
export class Health {
  readonly #implementation = new HealthImplementation()
  #recent: number[] = []
  #onAsked: () => void = () => {}

  constructor(readiness: Pick<Readiness, 'ready' | 'subscribe'>) {
    const renew = () => {
      for (const service of services)
        this.#implementation.setStatus(service, readiness.ready ? 'SERVING' : 'NOT_SERVING')
    }
    readiness.subscribe(renew)
    renew()
  }

  addTo(server: Server): void {
    this.#implementation.addToServer({
      addService: (definition, implementation) => server.addService(definition, this.#counting(implementation)),
    })
  }

  /**
   * Resolves once as many have asked again as asked just before, so that each knows what is true now; at once where
   * nobody asks, soon where nobody asks any more, and after `limitMs` in any case.
   */
  async told(limitMs: number): Promise<void> {
    const since = performance.now() - recentMs
    let expected = this.#recent.filter((at) => at > since).length
    if (expected === 0) return
    const timers: NodeJS.Timeout[] = []
    await new Promise<void>((resolve) => {
      const silence = setTimeout(resolve, silenceMs)
      timers.push(silence, setTimeout(resolve, limitMs))
      this.#onAsked = () => {
        silence.refresh()
        expected -= 1
        if (expected === 0) resolve()
      }
    })
    for (const timer of timers) clearTimeout(timer)
    await pause(spreadMs)
  }

  #counting(implementation: UntypedServiceImplementation): UntypedServiceImplementation {
    const check = implementation['check'] as (...call: unknown[]) => void
    return {
      ...implementation,
      check: (...call: unknown[]) => {
        const now = performance.now()
        this.#recent = [...this.#recent.filter((at) => at > now - recentMs), now].slice(-64)
        check(...call)
        this.#onAsked()
      },
    }
  }
}
