import type { RegisteredCertificate } from '../../../src/domain/devapp.ts'
import { certificateFromDer, certificatesFromPem } from '../../../src/pki/certificate.ts'
import { type OcspAnswer, verifyOcspResponse } from '../../../src/pki/ocsp_verification.ts'
import type { RejectionObserver } from '../../../src/revocation/known_answers.ts'
import type { RevocationOptions } from '../../../src/revocation/options.ts'
import { ResponderClient } from '../../../src/revocation/responder.ts'
import { OcspRevocation, type RevocationParts } from '../../../src/revocation/revocation.ts'
import { type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority, type CertificateOptions, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

export const root = Authority.root()
export const authority = root.issueAuthority()
export const stranger = Authority.root({ commonName: 'Stranger CA' })

export const minuteMs = 60_000
export const inMinutes = (minutes: number): Date => new Date(fixedNow.getTime() + minutes * minuteMs)

export interface Registered {
  readonly issued: IssuedCertificate
  readonly certificate: RegisteredCertificate
}

/** A certificate of `authority`, registered with its chain. */
export function register(options: CertificateOptions = {}, issuer = authority): Registered {
  const issued = issuer.issue(options)
  const [first, ...others] = certificatesFromPem(issuer.chainPem)
  return { issued, certificate: { leaf: certificateFromDer(issued.der), chain: [first!, ...others] } }
}

/** What the responder of `authority` says of a certificate; good for 23 hours unless told otherwise. */
export const responseFor = ({ issued }: Registered, options: Partial<OcspResponseOptions> = {}): Buffer =>
  ocspResponse({ authority, certificate: issued, ...options })

/** The same, verified. */
export function answerFor(registered: Registered, options: Partial<OcspResponseOptions> = {}): OcspAnswer {
  const { leaf, chain } = registered.certificate
  const verdict = verifyOcspResponse(responseFor(registered, options), {
    ...{ subject: { certificate: leaf, issuer: chain[0] }, at: options.thisUpdate ?? fixedNow },
    ...{ skewMs: 0, maxAgeMs: 60 * minuteMs, allowSha1: false },
  })
  if (verdict.status === 'rejected') throw new Error(`${verdict.code} ${verdict.detail}`)
  return verdict
}

/** A clock that stands still until it is moved. */
export class TestClock {
  now = fixedNow
  readonly read = (): Date => this.now
  advance(ms: number): void {
    this.now = new Date(this.now.getTime() + ms)
  }
}

export const defaults: RevocationOptions = {
  ...{ timeoutMs: 400, fetchTimeoutMs: 2_000, skewMs: 1_000, maxAgeMs: 60 * minuteMs },
  ...{ allowSha1: false, nonce: 'off', allowPrivateAddresses: true },
  ...{ overrides: new Map(), connectionsPerResponder: 4, queuePerResponder: 100 },
  retention: {
    capMs: { good: 24 * 60 * minuteMs, revoked: 60 * minuteMs, unknown: 10 * minuteMs },
    ...{ failureMs: 5_000, jitter: 0 },
  },
  refresh: { at: 0.5, jitter: 0, retryMs: 1_000, maxRetryMs: 60_000, rate: 1_000 },
  breaker: { failures: 1_000, openMs: 100, maxOpenMs: 1_000 },
  cache: { memory: { maxEntries: 1_000 } },
}

export type Rejected = Parameters<RejectionObserver['onRejected']>[0]

/** A revocation service as one process of a fleet would have it, with what it rejected. */
export function openProcess(
  clock: TestClock,
  changes: Partial<RevocationOptions> = {},
  parts: Partial<RevocationParts> = {},
): OcspRevocation & { readonly rejected: Rejected[] } {
  const options = { ...defaults, ...changes }
  const rejected: Rejected[] = []
  const revocation = new OcspRevocation(options, {
    ...{ client: new ResponderClient(options), clock: clock.read, random: () => 0 },
    observer: { onRejected: (rejection) => void rejected.push(rejection) },
    ...parts,
  })
  return Object.assign(revocation, { rejected })
}

/** Asks again until it is so; fails after twenty seconds. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
