import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  halfJitterGenerator,
  handleWhenResult,
} from 'cockatiel'

export type BreakerState = 'closed' | 'half_open' | 'open'

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it first stays open, before one probe; longer each time that the probe fails. */
  readonly openMs: number
  readonly maxOpenMs: number
}

/**
 * Keeps callers away from a place that has failed several times in a row, and lets one probe through when it may have
 * recovered. Whoever comes while it is open, or while the probe is under way, is told so at once.
 */
export class Breaker<Outcome> {
  readonly #policy

  constructor({ failures, openMs, maxOpenMs }: BreakerOptions, isFailure: (outcome: Outcome) => boolean) {
    this.#policy = circuitBreaker(
      handleWhenResult((outcome) => isFailure(outcome as Outcome)),
      {
        breaker: new ConsecutiveBreaker(failures),
        halfOpenAfter: new ExponentialBackoff({
          ...{ initialDelay: openMs, maxDelay: maxOpenMs },
          generator: halfJitterGenerator,
        }),
      },
    )
  }

  /** `half_open`: one probe is let through, or is under way. */
  get state(): BreakerState {
    return states[this.#policy.state]
  }

  /** What `attempt` resolves to, or `undefined` where it was not made. Failures are outcomes: `attempt` does not reject. */
  async attempt(attempt: () => Promise<Outcome>): Promise<Outcome | undefined> {
    if (this.#policy.state === CircuitState.HalfOpen) return undefined
    try {
      return await this.#policy.execute(attempt)
    } catch (error) {
      if (error instanceof BrokenCircuitError) return undefined
      throw error
    }
  }
}

const states: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}

/** One breaker a responder, made when it is first asked. */
export class Breakers<Outcome> {
  readonly #breakers = new Map<string, Breaker<Outcome>>()
  readonly #options: BreakerOptions
  readonly #isFailure: (outcome: Outcome) => boolean

  constructor(options: BreakerOptions, isFailure: (outcome: Outcome) => boolean) {
    this.#options = options
    this.#isFailure = isFailure
  }

  /** Of every responder that was asked, by its origin. */
  get states(): ReadonlyMap<string, BreakerState> {
    return new Map([...this.#breakers].map(([origin, { state }]) => [origin, state]))
  }

  of(responder: URL): Breaker<Outcome> {
    const known = this.#breakers.get(responder.origin)
    if (known !== undefined) return known
    const made = new Breaker(this.#options, this.#isFailure)
    this.#breakers.set(responder.origin, made)
    return made
  }
}
