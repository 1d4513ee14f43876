import { expect } from 'chai'
import fc from 'fast-check'
import { type Decision, denialIn } from '../../../src/domain/decision.ts'
import { type DenyCode, denials } from '../../../src/domain/denials.ts'
import type { CertificateStatus, Evidence } from '../../../src/domain/evidence.ts'
import { judge } from '../../../src/domain/judge.ts'
import { isInShadow, policiesInShadow, shadowable } from '../../../src/domain/shadow.ts'
import {
  certificate,
  devApp,
  evidence,
  evidenceOf,
  good,
  hostnames,
  now,
  policy,
  registered,
  request,
} from '../../support/evidence.ts'

const told = (decision: Decision): string => `${decision.kind} ${denialIn(decision)?.code ?? ''}`.trimEnd()
const inShadow = (changes: Partial<Evidence>): string => told(judge(evidence({ shadow: true, ...changes })))
const revoked = { ...good, status: 'revoked', reason: undefined, revokedAt: undefined } as const
const unavailable = (lastRevoked: boolean) => ({ status: 'unavailable', cause: 'down', lastRevoked }) as const
const expired = { notAfter: new Date(now.getTime() - 1) }

describe('shadow mode', () => {
  it('never lets pass what was not judged, what an issuer speaks against, or what imitates a registered certificate', () => {
    const never = Object.keys(denials).filter((code) => !shadowable[code as DenyCode])
    expect(never.sort()).to.deep.equal([
      ...[
        'cert_chain_untrusted',
        'cert_differs',
        'cert_issuer_mismatch',
        'cert_on_hold',
        'cert_revoked',
        'deadline_exceeded',
        'internal_error',
      ],
      ...[
        'issuer_revoked',
        'policy_unknown',
        'registry_unavailable',
        'request_malformed',
        'too_many_requests',
        'wrong_hostname',
      ],
    ])
  })

  it('allows as ever what nothing speaks against', () => {
    expect(judge(evidence({ shadow: true }))).to.deep.equal(judge(evidence()))
  })

  it('names the first refusal, as it is without', () => {
    const disabled = devApp({ status: 'disabled', products: new Set() })
    const identity = { ...evidence().identity, selection: { status: 'selected', devApp: disabled } as const }
    expect(inShadow({ identity })).to.equal('shadowed devapp_disabled')
    expect(told(judge(evidence({ identity })))).to.equal('deny devapp_disabled')
  })

  it('enforces a revocation that comes after a refusal that it does not enforce', () => {
    expect(told(judge(evidenceOf(certificate(expired), { shadow: true })))).to.equal('shadowed cert_expired')
    expect(told(judge(evidenceOf(certificate(expired), { shadow: true, revocation: revoked })))).to.equal(
      'deny cert_revoked',
    )
  })

  it('enforces a refusal of a certificate whose last answer said revoked, while its issuer is silent', () => {
    expect(inShadow({ revocation: unavailable(false) })).to.equal('shadowed revocation_unavailable')
    expect(inShadow({ revocation: unavailable(true) })).to.equal('deny revocation_unavailable')
    expect(told(judge(evidenceOf(certificate(expired), { shadow: true, revocation: unavailable(true) })))).to.equal(
      'deny cert_expired',
    )
  })

  it('enforces the revocation of a CA, also behind what is said of the leaf', () => {
    expect(inShadow({ revocation: { ...good, issuers: [revoked] } })).to.equal('deny issuer_revoked')
    expect(inShadow({ revocation: { status: 'no_source', issuers: [revoked] } })).to.equal('deny revocation_no_source')
  })

  it('enforces several Authorization values behind an unregistered certificate', () => {
    const identity = { binding: { status: 'unregistered' }, selection: { status: 'none' } } as const
    const asked = (basic: 'absent' | 'repeated') => request({ basic: { status: basic } })
    expect(inShadow({ identity, request: asked('absent') })).to.equal('shadowed cert_not_registered')
    expect(inShadow({ identity, request: asked('repeated') })).to.equal('deny request_malformed')
  })

  it('never makes an allowed request a refused one, nor a refused one an allowed one, and enforces what it always does', () => {
    const statuses: CertificateStatus[] = [
      ...[good, revoked, { ...revoked, reason: 'certificateHold' }, { ...good, status: 'unknown' } as const],
      ...[unavailable(false), unavailable(true), { status: 'no_source' } as const, { status: 'not_asked' } as const],
    ]
    const leaf = fc.constantFrom(
      ...[certificate(), certificate(expired), certificate({ extendedKeyUsage: ['1.2.3'] })],
      certificate({ notBefore: new Date(now.getTime() + 1) }),
    )
    const presented = fc.oneof(
      leaf.map((certificate) => ({ status: 'presented', certificate }) as const),
      fc.constantFrom({ status: 'absent' } as const, { status: 'malformed', cause: 'c' } as const),
    )
    const binding = fc.oneof(
      leaf.map((leaf) => ({ status: 'registered', certificate: registered(leaf), owners: [devApp()] }) as const),
      fc.constantFrom(
        ...([{ status: 'unregistered' }, { status: 'not_presented' }] as const),
        ...(['differs', 'other_issuer'] as const).map((status) => ({ status, registered: certificate() })),
      ),
    )
    const selection = fc.constantFrom(
      ...[devApp(), devApp({ status: 'disabled' }), devApp({ products: new Set() })].map(
        (devApp) => ({ status: 'selected', devApp }) as const,
      ),
      ...(['none', 'ambiguous', 'mismatch'] as const).map((status) => ({ status })),
    )
    const asks = fc.constantFrom(
      ...[policy(), policy({ require: new Set(['certificate', 'basic']) })],
      policy({
        psd2: { qwac: 'required', roles: ['PSP_AI'], match: 'all' },
        onUnavailable: 'allow',
        onNoSource: 'allow',
      }),
      ...[policy({ channel: 'tls', require: new Set(['basic']) }), policy({ channel: 'tls', require: new Set() })],
    )
    const basic = fc.constantFrom(
      ...(['absent', 'other_scheme', 'repeated'] as const).map((status) => ({ status })),
      ...([
        { status: 'malformed', cause: 'c' },
        { status: 'presented', clientKey: 'k', clientSecret: 's' },
      ] as const),
    )
    const revocation = fc
      .tuple(fc.constantFrom(...statuses), fc.option(fc.array(fc.constantFrom(...statuses), { maxLength: 2 })))
      .map(([status, issuers]) => (issuers === null ? status : { ...status, issuers }))
    const given = fc
      .record({ presented, basic, policy: asks, revocation, binding, selection, secretVerified: fc.boolean() })
      .map(({ presented, basic, binding, selection, ...rest }) =>
        evidence({ ...rest, request: request({ certificate: presented, basic }), identity: { binding, selection } }),
      )
    const seen = new Set<string>()
    fc.assert(
      fc.property(given, (evidence) => {
        const [plain, shadowed] = [judge(evidence), judge({ ...evidence, shadow: true })]
        seen.add(told(shadowed))
        expect(shadowed.kind === 'allow').to.equal(plain.kind === 'allow')
        const { code } = denialIn(plain) ?? {}
        if (code === undefined || !shadowable[code]) expect(shadowed).to.deep.equal(plain)
        if (shadowed.kind === 'shadowed') {
          expect(shadowed.denial).to.deep.equal(plain)
          const asked = [evidence.revocation, ...(evidence.revocation.issuers ?? [])]
          expect(asked.some(({ status }) => status === 'revoked')).to.equal(false)
        }
      }),
      { numRuns: 2_000 },
    )
    expect([...seen]).to.include.members(['allow', 'deny cert_revoked', 'deny cert_differs', 'deny request_malformed'])
  })

  describe('is in force', () => {
    const until = new Date('2026-07-01T00:00:00Z')
    const at = (ms: number): Date => new Date(until.getTime() + ms)

    it('for a policy that says so, always', () => {
      expect(isInShadow(policy({ shadow: true }), { shadowUntil: undefined }, now)).to.equal(true)
      expect(isInShadow(policy(), { shadowUntil: undefined }, now)).to.equal(false)
    })

    it('for all policies up to the end time, and not from it on', () => {
      expect(isInShadow(policy(), { shadowUntil: until }, at(-1))).to.equal(true)
      expect(isInShadow(policy(), { shadowUntil: until }, at(0))).to.equal(false)
      expect(isInShadow(policy({ shadow: true }), { shadowUntil: until }, at(0))).to.equal(true)
    })

    it('and says under which policies', () => {
      const policies = new Map(
        [policy({ name: 'new', shadow: true }), policy({ name: 'old' })].map((each) => [each.name, each]),
      )
      const rules = { hostnames, policies, shadowUntil: until }
      expect(policiesInShadow(rules, at(-1))).to.deep.equal([
        { policy: 'new', until: undefined },
        { policy: 'old', until },
      ])
      expect(policiesInShadow(rules, at(0))).to.deep.equal([{ policy: 'new', until: undefined }])
    })
  })
})
