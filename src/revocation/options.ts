import type { BreakerOptions } from '../breaker.ts'
import type { SharedRedisOptions } from '../redis/redis_connection.ts'
import type { CrlOptions } from './crl/crl_source.ts'
import type { InquiryOptions } from './inquiry.ts'
import type { RefreshTimes } from './refresh_times.ts'
import type { Retention } from './retention.ts'
import type { SubjectRules } from './subject.ts'

/** Everything that an operator decides about asking, verifying and remembering. */
export interface RevocationOptions extends InquiryOptions, SubjectRules {
  /** How long a request waits for an answer that is not remembered; below Envoy's own timeout. */
  readonly timeoutMs: number
  readonly breaker: BreakerOptions
  readonly retention: Retention
  /** `rate`: inquiries a second, of the whole fleet where it shares a Redis; what requests make necessary comes on top. */
  readonly refresh: RefreshTimes & { readonly rate: number }
  readonly connectionsPerResponder: number
  readonly queuePerResponder: number
  /** Whether responders may be at loopback, link-local and private addresses. */
  readonly allowPrivateAddresses: boolean
  /** An HTTP proxy for all responders, with its credentials, if any, in the URL. */
  readonly proxy?: URL | undefined
  /** Present where CRLs count after OCSP. */
  readonly crl?: CrlOptions | undefined
  readonly cache: {
    readonly memory: { readonly maxEntries: number }
    readonly redis?: SharedRedisOptions | undefined
  }
}
