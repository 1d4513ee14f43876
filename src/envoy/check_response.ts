import { status as grpcStatus } from '@grpc/grpc-js'
import { type Allow, type Decision, type Deny, denialIn, type Shadowed, type Tried } from '../domain/decision.ts'
import { type DenyCode, denials } from '../domain/denials.ts'
import type { Policy } from '../domain/policy.ts'
import type { HeaderValueOption } from './generated/envoy/config/core/v3/HeaderValueOption.ts'
import type { CheckResponse } from './generated/envoy/service/auth/v3/CheckResponse.ts'
import type { DeniedHttpResponse } from './generated/envoy/service/auth/v3/DeniedHttpResponse.ts'
import type { OkHttpResponse } from './generated/envoy/service/auth/v3/OkHttpResponse.ts'
import type { StatusCode } from './generated/envoy/type/v3/StatusCode.ts'
import { identityHeaders, identityOf, shadowHeader } from './identity_headers.ts'
import { trialReport } from './trial_report.ts'

export interface Answering {
  readonly requestId: string
  /** `undefined` where the request named none that exists. */
  readonly policy: Policy | undefined
  /** The DevApp that was found, of a refused request too. */
  readonly devApp: string | undefined
  /** Prefix of the problem's `type`: the code is appended (RFC 9457 3.1.1). */
  readonly typeBase: string
  /** Where APIs with a client certificate are served. */
  readonly apiHostname: string
  /** Whether the client asks for JSON, where there is a choice. */
  readonly wantsJson: boolean
}

/** Where the caller is asked for HTTP Basic (RFC 7617 2). */
const challenged: ReadonlySet<DenyCode> = new Set<DenyCode>(['basic_missing', 'basic_malformed', 'basic_invalid'])
const challenge = 'Basic realm="DevApp", charset="UTF-8"'
/** Where trying again later helps (RFC 9110 15.6.4, RFC 6585 4), and after how many seconds. */
const worthAnotherTry: ReadonlySet<number> = new Set([429, 503])
const retryAfter = 5

/** The decision as Envoy's `CheckResponse`. Code, policy, DevApp and shadow mode go to Envoy's access log as dynamic metadata. */
export function checkResponse(decision: Decision, answering: Answering): CheckResponse {
  const dynamic_metadata = {
    fields: {
      code: { stringValue: denialIn(decision)?.code ?? 'allow' },
      policy: { stringValue: answering.policy?.name ?? '' },
      devapp: { stringValue: answering.devApp ?? '' },
      shadow: { boolValue: decision.kind === 'shadowed' },
    },
  }
  const passing = { status: { code: grpcStatus.OK }, dynamic_metadata }
  switch (decision.kind) {
    case 'allow':
      return { ...passing, ok_response: allowed(decision, answering.policy) }
    case 'shadowed':
      return { ...passing, ok_response: shadowed(decision, answering.policy) }
    case 'deny':
      return {
        ...{ status: { code: grpcStatus.PERMISSION_DENIED }, dynamic_metadata },
        denied_response: denied(decision, answering),
      }
    case 'tried':
      return {
        ...{ status: { code: grpcStatus.PERMISSION_DENIED }, dynamic_metadata },
        denied_response: tried(decision, answering),
      }
  }
}

function allowed(decision: Allow, policy: Policy | undefined): OkHttpResponse {
  const identity = identityOf(decision)
  const unset = identityHeaders.filter((name) => identity[name] === undefined)
  return {
    headers: identityHeaders.flatMap((name) => header(name, identity[name])),
    // Envoy removes after it sets, so a name stands in one of the two lists only.
    headers_to_remove: [...unset, shadowHeader, ...spentHeaders(policy)],
  }
}

/** Passes for nobody: who the caller is was not established, whatever parts of it were. */
function shadowed({ denial }: Shadowed, policy: Policy | undefined): OkHttpResponse {
  return {
    headers: header(shadowHeader, denial.code),
    headers_to_remove: [...identityHeaders, ...spentHeaders(policy)],
  }
}

/** Credentials that were meant for this service. */
function spentHeaders(policy: Policy | undefined): readonly string[] {
  return policy?.require.has('basic') && !policy.keepAuthorization ? ['authorization'] : []
}

function denied(decision: Deny, answering: Answering): DeniedHttpResponse {
  const { status } = denials[decision.code]
  const { contentType, body } =
    answering.policy?.answer === 'berlin_group' ? tppMessages(decision, answering) : problem(decision, answering)
  return {
    status: { code: status as StatusCode },
    headers: [
      ...header('content-type', contentType),
      ...header('cache-control', 'no-store'),
      ...header('www-authenticate', challenged.has(decision.code) ? challenge : undefined),
      ...header('retry-after', worthAnotherTry.has(status) ? retryAfterOf(decision) : undefined),
    ],
    body: JSON.stringify(body),
  }
}

/** An answer by the gateway itself, however the trial came out: the request goes no further. */
function tried(decision: Tried, answering: Answering): DeniedHttpResponse {
  const { contentType, body } = trialReport(decision, answering)
  return {
    status: { code: 200 },
    headers: [
      ...header('content-type', contentType),
      ...header('cache-control', 'no-store'),
      ...header('vary', 'accept'),
      // What a certificate holds is its maker's: no browser takes it for HTML.
      ...header('x-content-type-options', 'nosniff'),
    ],
    body,
  }
}

const retryAfterOf = ({ retryAfterSeconds }: Deny): string => String(retryAfterSeconds ?? retryAfter)

/** RFC 9457. */
function problem({ code, told }: Deny, { requestId, typeBase }: Answering) {
  const { title, status } = denials[code]
  return {
    contentType: 'application/problem+json',
    body: { type: `${typeBase}${code}`, title, status, detail: told, code, request_id: requestId },
  }
}

/** The Berlin Group's NextGenPSD2 framework, Implementation Guidelines 4.14; without its own code, the problem. */
function tppMessages(decision: Deny, answering: Answering) {
  const { berlinGroup } = denials[decision.code]
  if (berlinGroup === undefined) return problem(decision, answering)
  return {
    contentType: 'application/json',
    body: {
      tppMessages: [{ category: 'ERROR', code: berlinGroup, text: decision.told }],
      code: decision.code,
      request_id: answering.requestId,
    },
  }
}

function header(key: string, value: string | undefined): HeaderValueOption[] {
  return value === undefined ? [] : [{ header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }]
}
