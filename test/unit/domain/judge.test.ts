import { expect } from 'chai'
import type { Psd2Role } from '../../../src/domain/certificate.ts'
import { waiverOf } from '../../../src/domain/checks/revocation.ts'
import { type Deny, denialIn, deny } from '../../../src/domain/decision.ts'
import type { DenyCode } from '../../../src/domain/denials.ts'
import type { Evidence, RevocationStatus } from '../../../src/domain/evidence.ts'
import { judge } from '../../../src/domain/judge.ts'
import type { Policy } from '../../../src/domain/policy.ts'
import {
  certificate,
  devApp,
  evidence,
  evidenceOf,
  good,
  policy,
  qwac,
  registered,
  request,
} from '../../support/evidence.ts'

function denial(given: Evidence): Deny {
  const decision = judge(given)
  expect(decision.kind, 'it was allowed').to.equal('deny')
  return decision as Deny
}

function expectCode(given: Evidence, code: DenyCode): void {
  expect(denial(given).code).to.equal(code)
}

const selectedOf = (owner = devApp()) => ({
  binding: { status: 'registered', certificate: registered(), owners: [owner] } as const,
  selection: { status: 'selected', devApp: owner } as const,
})

describe('judge', () => {
  it('allows a registered, valid, unrevoked certificate and names its DevApp', () => {
    const decision = judge(evidence())
    expect(decision).to.deep.include({ kind: 'allow', devApp: devApp() })
  })

  it('allows a public policy without credentials, for no DevApp', () => {
    const open = policy({ channel: 'tls', require: new Set(), product: undefined })
    const decision = judge(
      evidence({
        policy: open,
        request: request({ certificate: { status: 'absent' } }),
        identity: { binding: { status: 'not_presented' }, selection: { status: 'none' } },
        revocation: { status: 'not_asked' },
      }),
    )
    expect(decision).to.deep.equal({ kind: 'allow', devApp: undefined, certificate: undefined, psd2Roles: [] })
  })

  describe('the certificate', () => {
    it('is needed on the 2-way channel', () => {
      expectCode(evidence({ request: request({ certificate: { status: 'absent' } }) }), 'cert_missing')
    })

    it('has to be readable, and the log says what was wrong', () => {
      const malformed = request({ certificate: { status: 'malformed', cause: 'not PEM' } })
      expect(denial(evidence({ request: malformed }))).to.include({ code: 'cert_malformed', detail: 'not PEM' })
    })

    it('has no place on the 1-way channel', () => {
      expectCode(evidence({ policy: policy({ channel: 'tls', require: new Set(['basic']) }) }), 'request_malformed')
    })

    it('is refused before its notBefore, and the caller is told the date', () => {
      const leaf = certificate({ notBefore: new Date('2026-06-15T12:00:00.001Z') })
      expect(denial(evidenceOf(leaf))).to.include({
        code: 'cert_not_yet_valid',
        told: 'The client certificate is not valid before 2026-06-15T12:00:00.001Z.',
      })
    })

    it('is refused after its notAfter, and the caller is told the date', () => {
      const leaf = certificate({ notAfter: new Date('2026-06-15T11:59:59.999Z') })
      expect(denial(evidenceOf(leaf))).to.include({
        code: 'cert_expired',
        told: 'The client certificate expired on 2026-06-15T11:59:59.999Z.',
      })
    })

    it('is valid on both of its dates (RFC 5280 4.1.2.5)', () => {
      expect(judge(evidenceOf(certificate({ notBefore: evidence().now }))).kind).to.equal('allow')
      expect(judge(evidenceOf(certificate({ notAfter: evidence().now }))).kind).to.equal('allow')
    })

    it('is refused when it is for other purposes than client authentication', () => {
      expectCode(evidenceOf(certificate({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })), 'cert_purpose')
      expectCode(evidenceOf(certificate({ extendedKeyUsage: [] })), 'cert_purpose')
    })

    it('passes with any purpose, and with no extended key usage', () => {
      expect(judge(evidenceOf(certificate({ extendedKeyUsage: ['2.5.29.37.0'] }))).kind).to.equal('allow')
      expect(judge(evidenceOf(certificate({ extendedKeyUsage: undefined }))).kind).to.equal('allow')
    })

    const bindings = [
      ['unregistered', 'cert_not_registered'],
      ['not_presented', 'cert_not_registered'],
      ['other_issuer', 'cert_issuer_mismatch'],
      ['differs', 'cert_differs'],
    ] as const
    for (const [status, code] of bindings) {
      it(`that is ${status} is ${code}`, () => {
        const binding = { status, registered: certificate() } as Evidence['identity']['binding']
        expectCode(evidence({ identity: { ...evidence().identity, binding } }), code)
      })
    }
  })

  describe('revocation', () => {
    const answered = {
      source: 'ocsp',
      tier: 'memory',
      thisUpdate: good.thisUpdate,
      usableUntil: good.usableUntil,
    } as const
    const revoked = { status: 'revoked', reason: undefined, revokedAt: undefined } as const
    const cases: [string, RevocationStatus, Partial<Policy>, DenyCode | 'allow'][] = [
      [
        'revoked',
        { ...answered, status: 'revoked', reason: 'keyCompromise', revokedAt: undefined },
        {},
        'cert_revoked',
      ],
      [
        'revoked without a reason',
        { ...answered, status: 'revoked', reason: undefined, revokedAt: undefined },
        {},
        'cert_revoked',
      ],
      [
        'on hold',
        { ...answered, status: 'revoked', reason: 'certificateHold', revokedAt: undefined },
        {},
        'cert_on_hold',
      ],
      ['unknown to the issuer', { ...answered, status: 'unknown' }, {}, 'cert_status_unknown'],
      ['without a source', { status: 'no_source' }, {}, 'revocation_no_source'],
      ['without a source, where the policy lets it pass', { status: 'no_source' }, { onNoSource: 'allow' }, 'allow'],
      ['unavailable', { status: 'unavailable', cause: 'timeout', lastRevoked: false }, {}, 'revocation_unavailable'],
      [
        'unavailable, where the policy lets it pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false },
        { onUnavailable: 'allow' },
        'allow',
      ],
      [
        'unavailable after a revoked answer, whatever the policy says',
        { status: 'unavailable', cause: 'timeout', lastRevoked: true },
        { onUnavailable: 'allow' },
        'revocation_unavailable',
      ],
      [
        'unavailable, where only no source may pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false },
        { onNoSource: 'allow' },
        'revocation_unavailable',
      ],
      [
        'unavailable, where only the configuration of the issuer lets it pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false, tolerated: true },
        { onUnavailable: undefined },
        'allow',
      ],
      [
        'unavailable, where the policy denies what the configuration of the issuer lets pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false, tolerated: true },
        { onUnavailable: 'deny' },
        'revocation_unavailable',
      ],
      [
        'unavailable after a revoked answer, whatever is said of the issuer',
        { status: 'unavailable', cause: 'timeout', lastRevoked: true, tolerated: true },
        { onUnavailable: undefined },
        'revocation_unavailable',
      ],
      [
        'unavailable, where nobody says anything',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false },
        { onUnavailable: undefined },
        'revocation_unavailable',
      ],
      [
        'without a source, where only the configuration of the issuer lets it pass',
        { status: 'no_source', tolerated: true },
        { onNoSource: undefined },
        'allow',
      ],
      [
        'without a source, where the policy denies what the configuration of the issuer lets pass',
        { status: 'no_source', tolerated: true },
        { onNoSource: 'deny' },
        'revocation_no_source',
      ],
      [
        'without a source, where nobody says anything',
        { status: 'no_source' },
        { onNoSource: undefined },
        'revocation_no_source',
      ],
      ['good, as its CAs are', { ...good, issuers: [good, good] }, {}, 'allow'],
      ['of a revoked CA', { ...good, issuers: [good, { ...answered, ...revoked }] }, {}, 'issuer_revoked'],
      [
        'of a CA on hold',
        { ...good, issuers: [{ ...answered, ...revoked, reason: 'certificateHold' }] },
        {},
        'issuer_revoked',
      ],
      [
        'of a revoked CA, on a policy that lets the unavailable pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false, issuers: [{ ...answered, ...revoked }] },
        { onUnavailable: 'allow' },
        'issuer_revoked',
      ],
      [
        'of a revoked CA, which trying again does not change',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false, issuers: [{ ...answered, ...revoked }] },
        {},
        'issuer_revoked',
      ],
      [
        'revoked, and of a revoked CA',
        { ...answered, ...revoked, issuers: [{ ...answered, ...revoked }] },
        {},
        'cert_revoked',
      ],
      [
        'of a CA that its issuer does not know',
        { ...good, issuers: [{ ...answered, status: 'unknown' }] },
        { onUnavailable: 'allow', onNoSource: 'allow' },
        'cert_status_unknown',
      ],
      [
        'of a CA that is unavailable',
        { ...good, issuers: [{ status: 'unavailable', cause: 'timeout', lastRevoked: false }] },
        {},
        'revocation_unavailable',
      ],
      ['of a CA without a source', { ...good, issuers: [{ status: 'no_source' }] }, {}, 'revocation_no_source'],
      [
        'unavailable, and of a CA without a source, where only the first may pass',
        { status: 'unavailable', cause: 'timeout', lastRevoked: false, issuers: [{ status: 'no_source' }] },
        { onUnavailable: 'allow' },
        'revocation_no_source',
      ],
      [
        'not asked for',
        { status: 'not_asked' },
        { onUnavailable: 'allow', onNoSource: 'allow' },
        'revocation_unavailable',
      ],
      [
        'revoked, on a policy that lets the unavailable pass',
        { ...answered, status: 'revoked', reason: undefined, revokedAt: undefined },
        { onUnavailable: 'allow', onNoSource: 'allow' },
        'cert_revoked',
      ],
    ]
    it('names the CA that is revoked for the log, and not for the caller', () => {
      const found = denial(evidence({ revocation: { ...good, issuers: [{ ...answered, ...revoked }] } }))
      expect(found.detail).to.equal('ca=CN=Issuer reason=unspecified since=unknown')
      expect(found.told).to.equal('A CA that issued the client certificate has been revoked.')
    })

    it('says which refusal was waived, and that none was where all is good', () => {
      const unavailable = { status: 'unavailable', cause: 'timeout', lastRevoked: false } as const
      const waived = (revocation: RevocationStatus) => waiverOf(evidence({ revocation }))
      expect(waived(good)).to.equal(undefined)
      expect(waived({ ...good, issuers: [good] })).to.equal(undefined)
      expect(waived(unavailable)).to.equal('revocation_unavailable')
      expect(waived({ status: 'no_source' })).to.equal('revocation_no_source')
      expect(waived({ ...good, issuers: [good, { status: 'no_source' }] })).to.equal('revocation_no_source')
      const basic = policy({ channel: 'tls', require: new Set(['basic']) })
      expect(waiverOf(evidence({ policy: basic, revocation: { status: 'not_asked' } }))).to.equal(undefined)
    })

    for (const [title, revocation, changes, expected] of cases) {
      it(`${title}: ${expected}`, () => {
        const decision = judge(evidence({ revocation, policy: policy(changes) }))
        expect(denialIn(decision)?.code ?? 'allow').to.equal(expected)
      })
    }
  })

  describe('Basic', () => {
    const basicPolicy = policy({ channel: 'tls', require: new Set(['basic']) })
    const asking = (basic: Evidence['request']['basic'], changes: Partial<Evidence> = {}) =>
      evidence({ policy: basicPolicy, request: request({ certificate: { status: 'absent' }, basic }), ...changes })
    const presented = { status: 'presented', clientKey: 'acme-key', clientSecret: 's3cret' } as const

    it('allows the right secret', () => {
      expect(judge(asking(presented, { secretVerified: true })).kind).to.equal('allow')
    })

    it('answers a wrong secret and an unknown ClientKey alike', () => {
      const wrongSecret = denial(asking(presented))
      const unknownKey = denial(
        asking(presented, { identity: { binding: { status: 'not_presented' }, selection: { status: 'none' } } }),
      )
      expect(wrongSecret).to.deep.equal(unknownKey).and.include({ code: 'basic_invalid', detail: undefined })
    })

    it('is missing when there is no Authorization, or another scheme', () => {
      expectCode(asking({ status: 'absent' }), 'basic_missing')
      expectCode(asking({ status: 'other_scheme' }), 'basic_missing')
    })

    it('is malformed when it cannot be read or stands twice', () => {
      expectCode(asking({ status: 'malformed', cause: 'no colon' }), 'basic_malformed')
      expectCode(asking({ status: 'repeated' }), 'basic_malformed')
    })

    it('is refused when it stands twice even where it is not asked for', () => {
      expectCode(evidence({ request: request({ basic: { status: 'repeated' } }) }), 'request_malformed')
    })

    it('is not looked at where it is not asked for', () => {
      const decision = judge(evidence({ request: request({ basic: { status: 'malformed', cause: 'not base64' } }) }))
      expect(decision.kind).to.equal('allow')
    })
  })

  describe('the DevApp', () => {
    it('has to be said where a certificate serves several, and the header is named', () => {
      const identity = { ...evidence().identity, selection: { status: 'ambiguous' } as const }
      expect(denial(evidence({ identity })).told).to.equal(
        'The certificate serves several DevApps: say which with x-client-key.',
      )
    })

    it('is one for all credentials', () => {
      expectCode(
        evidence({ identity: { ...evidence().identity, selection: { status: 'mismatch' } } }),
        'devapp_mismatch',
      )
      expectCode(evidence({ identity: { ...evidence().identity, selection: { status: 'none' } } }), 'devapp_mismatch')
    })

    it('is refused while it is disabled', () => {
      expectCode(evidence({ identity: selectedOf(devApp({ status: 'disabled' })) }), 'devapp_disabled')
    })

    it('is refused an API product that it has not selected, and the product is named', () => {
      const refused = denial(evidence({ identity: selectedOf(devApp({ products: new Set(['other']) })) }))
      expect(refused).to.include({
        code: 'product_not_selected',
        told: 'The DevApp has not selected the API product data.',
      })
    })
  })

  describe('PSD2', () => {
    const asks = (roles: Psd2Role[], match: 'any' | 'all' = 'all') => ({
      policy: policy({ psd2: { qwac: 'required', roles, match } }),
    })

    it('allows a QWAC with the role', () => {
      expect(judge(evidenceOf(certificate({ qcStatements: qwac() }), asks(['PSP_AI']))).kind).to.equal('allow')
    })

    it('refuses an ordinary certificate, a seal, and one without QcCompliance', () => {
      expectCode(evidence(asks(['PSP_AI'])), 'qwac_required')
      expectCode(
        evidenceOf(certificate({ qcStatements: qwac({ qcTypes: ['eseal'] }) }), asks(['PSP_AI'])),
        'qwac_required',
      )
      expectCode(
        evidenceOf(certificate({ qcStatements: qwac({ qcCompliance: false }) }), asks(['PSP_AI'])),
        'qwac_required',
      )
    })

    it('refuses a QWAC from an issuer that the operator does not accept', () => {
      const leaf = certificate({ qcStatements: qwac() })
      expectCode(evidenceOf(leaf, { ...asks(['PSP_AI']), qtspAccepted: false }), 'qtsp_not_trusted')
    })

    it('names the roles that are missing', () => {
      const refused = denial(evidenceOf(certificate({ qcStatements: qwac() }), asks(['PSP_AI', 'PSP_PI', 'PSP_IC'])))
      expect(refused).to.include({
        code: 'psd2_role_missing',
        told: 'The certificate lacks the PSD2 role that this API needs: PSP_PI, PSP_IC.',
      })
    })

    it('is content with any of the roles where the policy says so', () => {
      const leaf = certificate({ qcStatements: qwac() })
      expect(judge(evidenceOf(leaf, asks(['PSP_PI', 'PSP_AI'], 'any'))).kind).to.equal('allow')
      expectCode(evidenceOf(leaf, asks(['PSP_PI', 'PSP_IC'], 'any')), 'psd2_role_missing')
    })

    it('grants nothing for a statement without roles', () => {
      const empty = { roles: [], unknownRoles: ['0.4.0.19495.1.9'], ncaName: 'n', ncaId: 'i' }
      expectCode(
        evidenceOf(certificate({ qcStatements: qwac({ psd2: empty }) }), asks(['PSP_AI'], 'any')),
        'psd2_role_missing',
      )
    })

    describe('of an organization whose authorisation was withdrawn', () => {
      const identified = { organizationIdentifier: 'PSDFI-FINFSA-2858394-9' }
      const both = qwac({ psd2: { roles: ['PSP_AI', 'PSP_PI'], unknownRoles: [], ncaName: 'n', ncaId: 'FI-FINFSA' } })
      const leaf = certificate({ ...identified, qcStatements: both })
      const withdrawn = (...roles: Psd2Role[]) => ({ withdrawnRoles: new Set(roles) })

      it('refuses the role that was withdrawn, and says what is left to the log alone', () => {
        const refused = denial(evidenceOf(leaf, { ...asks(['PSP_PI']), ...withdrawn('PSP_PI') }))
        expect(refused).to.include({
          code: 'psd2_authorisation_withdrawn',
          told: 'The PSD2 authorisation has been withdrawn.',
          detail: 'organizationIdentifier=PSDFI-FINFSA-2858394-9 withdrawn=PSP_PI left=PSP_AI',
        })
      })

      it('lets the roles that are left pass, and no others upstream', () => {
        const decision = judge(evidenceOf(leaf, { ...asks(['PSP_AI']), ...withdrawn('PSP_PI', 'PSP_AS') }))
        expect(decision).to.deep.include({ kind: 'allow', psd2Roles: ['PSP_AI'] })
      })

      it('is content with any role that is left where the policy says so', () => {
        const given = (match: 'any' | 'all') =>
          evidenceOf(leaf, { ...asks(['PSP_AI', 'PSP_PI'], match), ...withdrawn('PSP_PI') })
        expect(judge(given('any')).kind).to.equal('allow')
        expectCode(given('all'), 'psd2_authorisation_withdrawn')
      })

      it('refuses who has no role left where a QWAC alone is asked for', () => {
        expect(judge(evidenceOf(leaf, { ...asks([]), ...withdrawn('PSP_PI') })).kind).to.equal('allow')
        expectCode(evidenceOf(leaf, { ...asks([]), ...withdrawn('PSP_AI', 'PSP_PI') }), 'psd2_authorisation_withdrawn')
        const without = certificate({ ...identified, qcStatements: qwac({ psd2: undefined }) })
        expectCode(evidenceOf(without, { ...asks([]), ...withdrawn('PSP_AI') }), 'psd2_authorisation_withdrawn')
      })

      it('calls a role missing that the certificate never had', () => {
        expectCode(evidenceOf(leaf, { ...asks(['PSP_IC']), ...withdrawn('PSP_IC') }), 'psd2_role_missing')
      })

      it('keeps to policies that ask for PSD2, and sends the withdrawn roles upstream on none', () => {
        const decision = judge(evidenceOf(leaf, withdrawn('PSP_AS', 'PSP_PI', 'PSP_AI', 'PSP_IC')))
        expect(decision).to.deep.include({ kind: 'allow', psd2Roles: [] })
      })
    })
  })

  it('tells a revoked caller nothing of the DevApp: revocation comes before what it may do', () => {
    const revocation = { ...good, status: 'revoked', reason: undefined, revokedAt: undefined } as const
    expectCode(evidence({ revocation, identity: selectedOf(devApp({ status: 'disabled' })) }), 'cert_revoked')
  })
})

describe('deny', () => {
  it('fills the sentence of the catalogue', () => {
    expect(deny('wrong_hostname', { hostname: 'api.example.com' }).told).to.equal(
      'This API is served on api.example.com.',
    )
  })
})
