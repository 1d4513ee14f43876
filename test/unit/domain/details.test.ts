import { expect } from 'chai'
import { channel } from '../../../src/domain/checks/channel.ts'
import { waiverOf } from '../../../src/domain/checks/revocation.ts'
import { type Deny, deny } from '../../../src/domain/decision.ts'
import type { CertificateStatus, Evidence } from '../../../src/domain/evidence.ts'
import { identify, type RegisteredDevApps } from '../../../src/domain/identify.ts'
import { examine, judge } from '../../../src/domain/judge.ts'
import { nearMisses } from '../../../src/domain/near_misses.ts'
import { Hostnames, type Policy } from '../../../src/domain/policy.ts'
import { isInShadow } from '../../../src/domain/shadow.ts'
import {
  certificate,
  devApp,
  evidence,
  evidenceOf,
  good,
  now,
  policy,
  qwac,
  registered,
  request,
} from '../../support/evidence.ts'

const asking = (changes: Partial<NonNullable<Policy['psd2']>>): Policy =>
  policy({ psd2: { qwac: 'optional', roles: [], match: 'all', ...changes } })
const withRoles = (...roles: ('PSP_AI' | 'PSP_PI' | 'PSP_AS')[]) =>
  certificate({ qcStatements: qwac({ psd2: { roles, unknownRoles: [], ncaName: 'N', ncaId: 'FI-N' } }) })
const notAsked = { binding: { status: 'unregistered' }, selection: { status: 'none' } } as const
const on1Way: Partial<Evidence> = {
  policy: policy({ channel: 'tls', require: new Set(['basic']), product: undefined }),
  identity: { binding: { status: 'not_presented' }, selection: { status: 'none' } },
}
const sending = (basic: Evidence['request']['basic']): Partial<Evidence> => ({
  ...on1Way,
  request: request({ certificate: { status: 'absent' }, basic }),
})
const revoked = {
  status: 'revoked',
  source: 'ocsp',
  tier: 'memory',
  reason: 'keyCompromise',
  revokedAt: now,
  thisUpdate: now,
  usableUntil: now,
} as const
const leafThenIssuer = (leaf: CertificateStatus, issuer: CertificateStatus) =>
  ({ ...leaf, issuers: [issuer] }) as Evidence['revocation']

/** What the first of the checks says, alone. */
function said(check: string, given: Partial<Evidence>): Deny | undefined {
  const found = examine(evidence(given)).find(({ name }) => name === check)
  if (found === undefined) throw new Error(`there is no check ${check}`)
  return found.denial
}

describe('what the log says of a refusal', () => {
  const cases: [what: string, check: string, given: Partial<Evidence>, code: string, detail: string | undefined][] = [
    [
      'several Authorization values',
      'basic',
      sending({ status: 'repeated' }),
      'basic_malformed',
      'several Authorization values',
    ],
    [
      'the same where Basic is not asked for',
      'basic',
      { request: request({ basic: { status: 'repeated' } }) },
      'request_malformed',
      'several Authorization values',
    ],
    [
      'what was malformed in Basic',
      'basic',
      sending({ status: 'malformed', cause: 'no colon' }),
      'basic_malformed',
      'no colon',
    ],
    [
      'a certificate on the 1-way channel',
      'certificate_presented',
      { policy: policy({ channel: 'tls', require: new Set() }) },
      'request_malformed',
      'a client certificate on the 1-way channel',
    ],
    [
      'a policy for trying',
      'certificate_presented',
      { policy: policy({ channel: 'try', require: new Set() }) },
      'policy_unknown',
      'no request passes under a policy for trying certificates',
    ],
    [
      'the QTSP',
      'qwac',
      {
        ...evidenceOf(certificate({ qcStatements: qwac() })),
        policy: asking({ qwac: 'required' }),
        qtspAccepted: false,
      },
      'qtsp_not_trusted',
      'issuer=CN=Issuer',
    ],
    [
      'the purposes',
      'certificate_purpose',
      evidenceOf(certificate({ extendedKeyUsage: ['1.2', '1.3'] })),
      'cert_purpose',
      'extendedKeyUsage=1.2,1.3',
    ],
    [
      'the registered issuer',
      'certificate_registered',
      { identity: { ...notAsked, binding: { status: 'other_issuer', registered: certificate() } } },
      'cert_issuer_mismatch',
      'registered issuer=CN=Issuer',
    ],
    ['that no role is held', 'psd2_roles', { policy: asking({ roles: ['PSP_AI'] }) }, 'psd2_role_missing', 'held=none'],
    [
      'the same of a certificate that nobody registered',
      'psd2_roles',
      { policy: asking({ roles: ['PSP_AI'] }), identity: notAsked },
      'psd2_role_missing',
      'held=none',
    ],
    [
      'the roles that are held',
      'psd2_roles',
      { ...evidenceOf(withRoles('PSP_AI', 'PSP_AS')), policy: asking({ roles: ['PSP_PI'] }) },
      'psd2_role_missing',
      'held=PSP_AI,PSP_AS',
    ],
    [
      'the roles that were withdrawn',
      'psd2_authorised',
      {
        ...evidenceOf({ ...withRoles('PSP_AI', 'PSP_PI', 'PSP_AS'), organizationIdentifier: 'PSDFI-X-1' }),
        policy: asking({ roles: ['PSP_AI'] }),
        withdrawnRoles: new Set(['PSP_AI'] as const),
      },
      'psd2_authorisation_withdrawn',
      'organizationIdentifier=PSDFI-X-1 withdrawn=PSP_AI left=PSP_PI,PSP_AS',
    ],
    [
      'that none is left',
      'psd2_authorised',
      {
        ...evidenceOf({ ...withRoles('PSP_AI', 'PSP_PI'), organizationIdentifier: 'PSDFI-X-1' }),
        policy: asking({}),
        withdrawnRoles: new Set(['PSP_AI', 'PSP_PI'] as const),
      },
      'psd2_authorisation_withdrawn',
      'organizationIdentifier=PSDFI-X-1 withdrawn=PSP_AI,PSP_PI left=none',
    ],
    [
      'why and since when it is revoked',
      'revocation',
      { revocation: revoked },
      'cert_revoked',
      `reason=keyCompromise since=${now.toISOString()}`,
    ],
    [
      'which CA is',
      'revocation',
      { revocation: leafThenIssuer(good, revoked) },
      'issuer_revoked',
      `ca=CN=Issuer reason=keyCompromise since=${now.toISOString()}`,
    ],
    [
      'a CA of a certificate that nobody registered',
      'revocation',
      { revocation: leafThenIssuer(good, revoked), identity: notAsked },
      'issuer_revoked',
      `ca= reason=keyCompromise since=${now.toISOString()}`,
    ],
    [
      'of a CA that its status is unknown',
      'revocation',
      { revocation: leafThenIssuer(good, { ...good, status: 'unknown' }) },
      'cert_status_unknown',
      'ca=CN=Issuer',
    ],
    [
      'nothing of a leaf that it is unknown',
      'revocation',
      { revocation: { ...good, status: 'unknown' } },
      'cert_status_unknown',
      undefined,
    ],
    [
      'that nobody was asked',
      'revocation',
      { revocation: { status: 'not_asked' } },
      'revocation_unavailable',
      'not asked: no registered certificate',
    ],
  ]
  for (const [what, check, given, code, detail] of cases)
    it(`${what}: ${code}`, () => {
      const denial = said(check, given)
      expect([denial?.code, denial?.detail]).to.deep.equal([code, detail])
    })
})

describe('a request on the wrong hostname', () => {
  it('is told of with both names, or without SNI', () => {
    const given = { policy: policy({ channel: 'tls' }), hostnames: evidence().hostnames }
    const detailOf = (sni: string | undefined) => channel({ ...given, request: request({ sni }) })?.detail
    expect(detailOf('api.example.com')).to.equal('sni=api.example.com host=api.example.com channel=tls')
    expect(detailOf(undefined)).to.equal('sni=none host=api.example.com channel=tls')
  })
})

describe('a QWAC and PSD2 roles', () => {
  it('are any of the roles, where one is enough, and the caller is told so', () => {
    const needed = asking({ roles: ['PSP_AI', 'PSP_PI'], match: 'any' })
    expect(said('psd2_roles', { ...evidenceOf(withRoles('PSP_PI')), policy: needed })).to.equal(undefined)
    expect(said('psd2_roles', { policy: needed })?.told).to.include('PSP_AI or PSP_PI')
    expect(said('psd2_roles', { policy: asking({ roles: ['PSP_AI', 'PSP_PI'] }) })?.told).to.include('PSP_AI, PSP_PI')
  })

  it('are none, where the policy names none, in either way of counting', () => {
    for (const match of ['any', 'all'] as const) {
      const given = {
        ...evidenceOf(certificate({ qcStatements: qwac({ psd2: undefined }) })),
        policy: asking({ match, qwac: 'required' }),
      }
      expect(judge(evidence(given)).kind, match).to.equal('allow')
    }
  })

  it('are not looked for in a certificate that nobody registered', () => {
    const given = { policy: asking({}), identity: notAsked, withdrawnRoles: new Set(['PSP_AI'] as const) }
    expect(said('psd2_authorised', given)).to.equal(undefined)
  })
})

describe('what is not there', () => {
  const devApps = (changes: Partial<RegisteredDevApps>): RegisteredDevApps => ({
    ...{ bindingOf: () => ({ status: 'unregistered' }), byClientKey: () => devApp() },
    ...changes,
  })

  it('waives nothing: an answer that no policy needed', () => {
    const given = evidence({ ...on1Way, revocation: { status: 'no_source' } })
    expect(waiverOf(given)).to.equal(undefined)
    expect(waiverOf(evidence({ revocation: { status: 'no_source' } }))).to.equal('revocation_no_source')
  })

  it('is not looked up: a ClientKey that nobody sent', () => {
    const { selection } = identify(request(), policy({ channel: 'tls', require: new Set(['basic']) }), devApps({}))
    expect(selection).to.deep.equal({ status: 'none' })
  })

  it('is nearly nothing: a certificate that nobody presented', () => {
    const registrations = {
      ...{ byClientKey: () => undefined, isIssuedBy: () => true, haveSameKey: () => true },
      alike: () => [{ certificate: registered(), owners: [devApp()] }],
    }
    const given = evidence({ request: request({ certificate: { status: 'absent' } }), identity: notAsked })
    expect(nearMisses(given, deny('cert_missing'), registrations)).to.deep.equal([])
  })

  it('is no hostname: one for trying, where none is configured', () => {
    const names = { mtls: ['a.example'], tls: ['b.example'] } as const
    expect(new Hostnames(names).advertised('try')).to.equal('')
    expect(new Hostnames({ ...names, try: ['c.example'] }).advertised('try')).to.equal('c.example')
  })

  it('is no shadow: on the hostname where certificates are tried', () => {
    const rules = { shadowUntil: new Date(now.getTime() + 1) }
    expect(isInShadow(policy({ channel: 'try', shadow: true }), rules, now)).to.equal(false)
    expect(isInShadow(policy({ shadow: false }), rules, now)).to.equal(true)
  })
})
