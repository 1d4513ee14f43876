import type { Server, UntypedServiceImplementation } from '@grpc/grpc-js'
import { HealthImplementation } from 'grpc-health-check'
import type { Readiness } from '../ops/readiness.ts'

/** The services of the port, and the port as a whole, which has no name (grpc.health.v1). */
const services = ['', 'envoy.service.auth.v3.Authorization', 'envoy.service.secret.v3.SecretDiscoveryService'] as const

/** Whoever asks for health more seldom is not waited for. */
const recentMs = 1_000

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
   * Resolves once as many have asked again as asked within the last second, so that each knows what is true now; at once where
   * nobody asks, and after `limitMs` in any case.
   */
  async told(limitMs: number): Promise<void> {
    const since = performance.now() - recentMs
    let expected = this.#recent.filter((at) => at > since).length
    if (expected === 0) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs)
      this.#onAsked = () => {
        expected -= 1
        if (expected === 0) resolve()
      }
    })
    clearTimeout(timer)
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
