import { ocspResponse } from '../test/support/ocsp.ts'
import type { Authority, IssuedCertificate } from '../test/support/pki.ts'
import {
  type Behaviour,
  type ReceivedRequest,
  slowly,
  status,
  type TestResponder,
} from '../test/support/test_responder.ts'

/** A responder over HTTP that writes down when it was asked about which certificate. */
export class BenchResponder {
  /** How long its answers last, from whole second to whole second. */
  validityMs: number
  down = false
  delayMs = 0
  readonly #authority: Authority
  readonly #responder: TestResponder
  readonly #bySerialNumber: ReadonlyMap<string, IssuedCertificate>
  readonly #instants = new Map<string, number[]>()

  private constructor(
    authority: Authority,
    issued: readonly IssuedCertificate[],
    responder: TestResponder,
    validityMs: number,
  ) {
    this.#authority = authority
    this.#responder = responder
    this.#bySerialNumber = new Map(issued.map((certificate) => [certificate.serialNumber, certificate]))
    this.validityMs = validityMs
  }

  /** `responder` is listening already: certificates name its address. */
  static over(
    responder: TestResponder,
    authority: Authority,
    issued: readonly IssuedCertificate[],
    validityMs: number,
  ): BenchResponder {
    const bench = new BenchResponder(authority, issued, responder, validityMs)
    responder.behaviour = bench.#behaviour
    return bench
  }

  /** When it was asked, in milliseconds, by certificate. */
  get instants(): ReadonlyMap<string, readonly number[]> {
    return this.#instants
  }

  get requests(): number {
    return [...this.#instants.values()].reduce((sum, { length }) => sum + length, 0)
  }

  /** The most that arrived within any second since then. */
  busiestSecond(sinceMs: number): number {
    const instants = [...this.#instants.values()].flat().filter((at) => at >= sinceMs)
    instants.sort((a, b) => a - b)
    let most = 0
    for (let from = 0, to = 0; to < instants.length; to++) {
      while (instants[to]! - instants[from]! >= 1_000) from++
      most = Math.max(most, to - from + 1)
    }
    return most
  }

  forget(): void {
    this.#instants.clear()
  }

  readonly #behaviour: Behaviour = (request, response) => {
    const certificate = this.#certificateIn(request)
    const instants = this.#instants.get(certificate.serialNumber) ?? []
    this.#instants.set(certificate.serialNumber, [...instants, performance.now()])
    // The test responder keeps all that it received.
    this.#responder.requests.length = 0
    if (this.down) return status(503)(request, response)
    const answer: Behaviour = (_, to) =>
      to.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(this.#answerFor(certificate))
    return (this.delayMs > 0 ? slowly(this.delayMs, answer) : answer)(request, response)
  }

  /** The serial number is the last element of a request without extensions. */
  #certificateIn({ der }: ReceivedRequest): IssuedCertificate {
    const certificate = this.#bySerialNumber.get(der.subarray(-16).toString('hex'))
    if (certificate === undefined) throw new Error(`asked about a stranger: ${der.toString('hex')}`)
    return certificate
  }

  #answerFor(certificate: IssuedCertificate): Buffer {
    const secondMs = Math.floor(Date.now() / 1_000) * 1_000
    return ocspResponse({
      ...{ authority: this.#authority, certificate },
      ...{ thisUpdate: new Date(secondMs), nextUpdate: new Date(secondMs + this.validityMs) },
    })
  }
}
