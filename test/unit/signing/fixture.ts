import type {
  ConcatenatedPolicy,
  MessageSignaturesPolicy,
  PublicKey,
  SignatureStatus,
  SignedParts,
} from '../../../src/domain/signature.ts'
import { MemoryReplays } from '../../../src/signing/memory_replays.ts'
import type { UnsignedRequest } from '../../../src/signing/sign.ts'
import { RequestSignatures } from '../../../src/signing/signatures.ts'
import { devApp, now } from '../../support/evidence.ts'

export const policy: MessageSignaturesPolicy = {
  ...{ profile: 'message-signatures', maxBodyBytes: 1_024, onReplayUnavailable: 'deny', nonce: 'required' },
  ...{ headers: new Set(['content-type', 'idempotency-key']), components: [], maxAgeMs: 300_000, skewMs: 30_000 },
}

export const concatenated: ConcatenatedPolicy = {
  ...{ profile: 'concatenated', maxBodyBytes: 1_024, onReplayUnavailable: 'deny', rememberMs: 3_600_000 },
}

export const payment: UnsignedRequest = {
  method: 'POST',
  url: 'https://api2.example.com/v1/payments?currency=EUR&x=%2F',
  headers: { 'content-type': 'application/json' },
  body: Buffer.from('{"amount": "10.00", "to": "FI21 1234"}'),
}

/** What the service gets of a request with these headers. */
export function partsOf(
  { method, url, headers, body }: UnsignedRequest,
  added: Readonly<Record<string, string>>,
  changes: Partial<SignedParts> = {},
): SignedParts {
  const { host, pathname, search } = new URL(url)
  return {
    ...{ method, authority: host, path: pathname, query: search, headers: { ...headers, ...added }, body },
    ...{ bodyStatus: 'whole', ...changes },
  }
}

/** What a service makes of requests of one DevApp that come one after the other, all of them at `now` by default. */
export function verifierWith(publicKeys: readonly PublicKey[]) {
  let at = now
  const signatures = new RequestSignatures({
    own: new MemoryReplays({ maxEntries: 1_000, clock: () => at }),
    shared: undefined,
  })
  return (
    parts: SignedParts,
    asked: MessageSignaturesPolicy | ConcatenatedPolicy = policy,
    when = now,
    id = 'acme',
  ): SignatureStatus => {
    at = when
    const status = signatures.statusOf(parts, devApp({ id, publicKeys }), asked, when)
    if (status instanceof Promise) throw new Error('memory answers at once')
    return status
  }
}
