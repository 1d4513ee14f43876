import type { Certificate, Psd2Role } from '../domain/certificate.ts'
import type { Allow } from '../domain/decision.ts'
import type { DevApp } from '../domain/devapp.ts'
import type { Judgement } from '../domain/judgement.ts'
import type { Policy } from '../domain/policy.ts'
import type { AuthRequest } from '../domain/request.ts'
import type { CheckSettings } from './check_settings.ts'
import { authorizationService } from './protos.ts'
import { responseTo } from './response_to.ts'

/** All that the bytes of an answer that allows depend on. */
interface Prepared {
  readonly policy: Policy | undefined
  readonly certificate: Certificate | undefined
  readonly psd2Roles: readonly Psd2Role[]
  readonly bytes: Buffer
}

/** A DevApp calls with few certificates under few policies; those of before a reload go when it has been called with so many. */
const maxPrepared = 16

/**
 * What Envoy is told of a judgement, in bytes. The answers that allow are serialized once for each DevApp; whether one is given is
 * decided each time.
 */
export class PreparedAnswers {
  readonly #byDevApp = new WeakMap<DevApp, Prepared[]>()

  bytesOf(
    request: AuthRequest | undefined,
    judgement: Judgement,
    settings: Pick<CheckSettings, 'policies' | 'hostnames' | 'typeBase'>,
  ): Buffer {
    const { decision } = judgement
    if (decision.kind !== 'allow' || decision.devApp === undefined) return serialized(request, judgement, settings)
    const policy = request?.policy === undefined ? undefined : settings.policies.get(request.policy)
    const prepared = this.#of(decision.devApp)
    const known = prepared.find((each) => isFor(each, decision, policy))
    if (known !== undefined) return known.bytes
    const { certificate, psd2Roles } = decision
    const bytes = serialized(request, judgement, settings)
    if (prepared.length === maxPrepared) prepared.length = 0
    prepared.push({ policy, certificate, psd2Roles, bytes })
    return bytes
  }

  #of(devApp: DevApp): Prepared[] {
    const known = this.#byDevApp.get(devApp)
    if (known !== undefined) return known
    const none: Prepared[] = []
    this.#byDevApp.set(devApp, none)
    return none
  }
}

/** The objects are replaced as a whole when what they say changes. */
function isFor(prepared: Prepared, { certificate, psd2Roles }: Allow, policy: Policy | undefined): boolean {
  return (
    prepared.policy === policy &&
    prepared.certificate === certificate &&
    prepared.psd2Roles.length === psd2Roles.length &&
    prepared.psd2Roles.every((role, index) => role === psd2Roles[index])
  )
}

function serialized(...answered: Parameters<typeof responseTo>): Buffer {
  return authorizationService.Check.responseSerialize(responseTo(...answered))
}
