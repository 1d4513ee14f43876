import { expect } from 'chai'
import { replayWaiverOf } from '../../../src/domain/checks/signature.ts'
import { judge } from '../../../src/domain/judge.ts'
import type { SignatureStatus } from '../../../src/domain/signature.ts'
import { gather } from '../../../src/gather.ts'
import type { Ports } from '../../../src/ports.ts'
import {
  devApp,
  evidence,
  good,
  hostnames,
  nobodyLocked,
  nothingToTry,
  now,
  policy,
  registered,
  request,
} from '../../support/evidence.ts'
import { policy as messageSignatures } from '../signing/fixture.ts'

const signedPolicy = policy({ require: new Set(['certificate', 'signature']), signature: messageSignatures })
const judged = (signature: SignatureStatus, changes = {}) =>
  judge(evidence({ policy: signedPolicy, signature, ...changes }))

describe('a policy that requires a signature', () => {
  const refusals: [SignatureStatus, string, string | undefined][] = [
    [{ status: 'not_asked' }, 'signature_invalid', 'The signature does not match the request and the registered keys.'],
    [{ status: 'missing' }, 'signature_missing', undefined],
    [{ status: 'malformed', cause: 'x' }, 'signature_malformed', undefined],
    [
      { status: 'incomplete', components: ['@query', 'nonce'] },
      ...(['signature_incomplete', 'The signature must also cover @query, nonce.'] as const),
    ],
    [{ status: 'invalid', cause: 'x' }, 'signature_invalid', undefined],
    [{ status: 'expired', cause: 'x' }, 'signature_expired', undefined],
    [{ status: 'replayed', keyId: 'k' }, 'signature_replayed', undefined],
    [{ status: 'replay_unknown', keyId: 'k', cause: 'x' }, 'replay_unavailable', undefined],
    [{ status: 'body_too_large', limitBytes: 1_048_576 }, 'body_too_large', 'The body is larger than 1 MiB.'],
    [{ status: 'body_too_large', limitBytes: 2_048 }, 'body_too_large', 'The body is larger than 2 KiB.'],
    [{ status: 'body_too_large', limitBytes: 10 }, 'body_too_large', 'The body is larger than 10 bytes.'],
    [{ status: 'body_not_sent' }, 'internal_error', undefined],
  ]
  for (const [signature, code, told] of refusals)
    it(`refuses one that is ${signature.status}: ${code}`, () => {
      const decision = judged(signature)
      expect(decision).to.include({ kind: 'deny', code })
      if (told !== undefined) expect(decision).to.include({ told })
    })

  it('allows one that holds, and says where it may have been used before', () => {
    const holds = { status: 'verified', keyId: 'k' } as const
    expect(judged(holds)).to.include({ kind: 'allow' })
    expect(replayWaiverOf(evidence({ signature: holds }))).to.equal(undefined)
    expect(replayWaiverOf(evidence({ signature: { ...holds, replayUnknown: 'Redis: gone' } }))).to.equal(
      'replay_unavailable',
    )
  })

  it('lets pass what is wrong with a signature in shadow mode', () => {
    expect(judged({ status: 'invalid', cause: 'x' }, { shadow: true })).to.include({ kind: 'shadowed' })
  })
})

describe('the signature of a request', () => {
  const owner = devApp()
  const rules = { hostnames, policies: new Map(), shadowUntil: undefined }
  const devApps = {
    bindingOf: () => ({ status: 'registered', certificate: registered(), owners: [owner] }) as const,
    byClientKey: () => owner,
  }
  function asked(changes: Partial<Ports> = {}) {
    const seen: string[] = []
    const ports: Ports = {
      registry: { snapshot: () => devApps },
      secrets: { verify: () => true },
      revocation: { statusOf: () => good },
      qtsps: { accepts: () => true },
      withdrawals: { rolesOf: () => new Set() },
      trials: nothingToTry,
      attempts: nobodyLocked,
      signatures: {
        statusOf: (_, { id }) => {
          seen.push(id)
          return { status: 'verified', keyId: 'k' }
        },
      },
      clock: () => now,
      ...changes,
    }
    return { seen, ports }
  }
  const gathered = (given: Parameters<typeof gather>[1], ports: Ports) =>
    gather(request(), given, rules, devApps, ports)

  it('is looked at once the caller is known, and at no other policy', async () => {
    const { seen, ports } = asked()
    expect((await gathered(signedPolicy, ports)).signature).to.deep.equal({ status: 'verified', keyId: 'k' })
    expect(seen).to.deep.equal(['acme'])
    expect((await gathered(policy(), ports)).signature).to.deep.equal({ status: 'not_asked' })
    expect(seen).to.have.length(1)
  })

  it('is left alone, and not used up, where anything else speaks against the request', async () => {
    const basicToo = policy({ require: new Set(['certificate', 'basic', 'signature']), signature: messageSignatures })
    const revoked = { statusOf: () => ({ status: 'unavailable', cause: 'x', lastRevoked: false }) as const }
    for (const [given, changes] of [
      [basicToo, {}],
      [signedPolicy, { revocation: revoked }],
      [{ ...signedPolicy, product: 'other' }, {}],
    ] as const) {
      const { seen, ports } = asked(changes)
      const found = await gathered(given, ports)
      expect(found.signature).to.deep.equal({ status: 'not_asked' })
      expect(seen).to.deep.equal([])
      expect(judge(found).kind).to.equal('deny')
    }
  })

  it('may take its time', async () => {
    const { ports } = asked({ signatures: { statusOf: async () => ({ status: 'replayed', keyId: 'k' }) } })
    expect(judge(await gathered(signedPolicy, ports))).to.include({ code: 'signature_replayed' })
  })
})
