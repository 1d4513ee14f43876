import { expect } from 'chai'
import { deny } from '../../../src/domain/decision.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { RegisteredDevApps } from '../../../src/domain/identify.ts'
import { judge } from '../../../src/domain/judge.ts'
import type { Judgement } from '../../../src/domain/judgement.ts'
import type { AuthRequest } from '../../../src/domain/request.ts'
import { explain } from '../../../src/explain/explain.ts'
import type { Step } from '../../../src/explain/explanation.ts'
import type { Circumstances } from '../../../src/explain/findings.ts'
import { stepsOf } from '../../../src/explain/steps.ts'
import type { Ports } from '../../../src/ports.ts'
import {
  certificate,
  devApp,
  evidence,
  evidenceOf,
  good,
  hostnames,
  nobodyLocked,
  nothingToTry,
  now,
  policy,
  qwac,
  registered,
  request,
} from '../../support/evidence.ts'

const circumstances: Circumstances = {
  secretChecked: true,
  revocation: [
    {
      ...{
        subject: 'CN=acme',
        responders: ['http://ocsp.example.com/'],
        tried: ['http://ocsp.example.com answered in 5 ms'],
      },
      ...{ nextUpdate: new Date('2026-06-15T14:00:00Z'), saidBy: 'http://ocsp.example.com/, signed by CN=Signer' },
    },
  ],
}
const preliminary = { request_read: 'read', policy_known: 'known', hostname: 'host', registry_read: 'registry' }
const judged = (given: Evidence): Judgement => ({ decision: judge(given), evidence: given })

/** The step of this name, for this evidence. */
function step(name: string, given: Evidence, changes: Partial<Circumstances> = {}): Step {
  const found = stepsOf(judged(given), preliminary, { ...circumstances, ...changes }).find((each) => each.name === name)
  if (found === undefined) throw new Error(`there is no step ${name}`)
  return found
}

const withBasic = (
  changes: Partial<Evidence> = {},
  basic: AuthRequest['basic'] = { status: 'presented', clientKey: 'acme-key', clientSecret: 's3cret' },
) =>
  evidence({ policy: policy({ require: new Set(['certificate', 'basic']) }), request: request({ basic }), ...changes })
const selection = (status: 'none' | 'ambiguous' | 'mismatch') =>
  evidence({ identity: { ...evidence().identity, selection: { status } } })
const psd2 = { qwac: 'required', roles: ['PSP_AI'], match: 'all' } as const

describe('the steps of a decision', () => {
  it('pass, one by one, where it is allowed; what the policy does not ask for is said so', () => {
    const steps = stepsOf(judged(evidence()), preliminary, circumstances)
    expect(steps.map(({ name, outcome }) => [name, outcome])).to.deep.equal([
      ['request_read', 'pass'],
      ['policy_known', 'pass'],
      ['hostname', 'pass'],
      ['registry_read', 'pass'],
      ['certificate_presented', 'pass'],
      ['certificate_validity', 'pass'],
      ['certificate_purpose', 'pass'],
      ['certificate_registered', 'pass'],
      ['revocation', 'pass'],
      ['basic', 'not_asked'],
      ['devapp_selected', 'pass'],
      ['devapp_enabled', 'pass'],
      ['product_selected', 'pass'],
      ['qwac', 'not_asked'],
      ['psd2_roles', 'not_asked'],
      ['psd2_authorised', 'not_asked'],
    ])
  })

  const early = [
    ['request_malformed', 'request_read'],
    ['policy_unknown', 'policy_known'],
    ['registry_unavailable', 'registry_read'],
  ] as const
  for (const [code, name] of early) {
    it(`end at ${name} with ${code}, and reach nothing after it`, () => {
      const steps = stepsOf(
        { decision: deny(code, { detail: 'why' }), evidence: undefined },
        preliminary,
        circumstances,
      )
      const at = steps.findIndex((each) => each.name === name)
      expect(steps[at]).to.include({ outcome: 'deny', code, detail: 'why', found: preliminary[name] })
      expect(steps.slice(0, at).every(({ outcome }) => outcome === 'pass')).to.equal(true)
      expect(steps.slice(at + 1).every(({ outcome }) => outcome === 'not_reached')).to.equal(true)
      expect(steps).to.have.length(16)
    })
  }

  it('have one decision, and name what would also refuse', () => {
    const given = evidenceOf(certificate({ notAfter: new Date('2026-06-01T00:00:00Z'), extendedKeyUsage: [] }))
    const refused = stepsOf(judged(given), preliminary, circumstances).filter(({ code }) => code !== null)
    expect(refused.map(({ name, outcome, code }) => [name, outcome, code])).to.deep.equal([
      ['certificate_validity', 'deny', 'cert_expired'],
      ['certificate_purpose', 'would_deny', 'cert_purpose'],
    ])
    expect(refused[0]?.told).to.equal('The client certificate expired on 2026-06-01T00:00:00.000Z.')
  })

  it('are not reached where an earlier one left nothing to look at', () => {
    const given = evidence({
      identity: { binding: { status: 'unregistered' }, selection: { status: 'none' } },
      ...{ revocation: { status: 'not_asked' }, policy: policy({ psd2 }) },
    })
    const unreached = stepsOf(judged(given), preliminary, circumstances).filter(
      ({ outcome }) => outcome === 'not_reached',
    )
    expect(unreached.map(({ name }) => name)).to.deep.equal([
      'revocation',
      'devapp_selected',
      'devapp_enabled',
      'product_selected',
      'qwac',
      'psd2_roles',
      'psd2_authorised',
    ])
  })

  const answered = {
    source: 'ocsp',
    tier: 'redis',
    thisUpdate: good.thisUpdate,
    usableUntil: good.usableUntil,
  } as const
  const at =
    'thisUpdate 2026-06-15T11:00:00.000Z to nextUpdate 2026-06-15T14:00:00.000Z, used until 2026-06-15T13:00:00.000Z'
  const by = 'said by http://ocsp.example.com/, signed by CN=Signer'
  const found: [title: string, step: string, given: Evidence, words: string][] = [
    [
      'no certificate',
      'certificate_presented',
      evidence({ request: request({ certificate: { status: 'absent' } }) }),
      'no client certificate',
    ],
    [
      'an unreadable one',
      'certificate_presented',
      evidence({ request: request({ certificate: { status: 'malformed', cause: 'not PEM' } }) }),
      'a client certificate that cannot be read: not PEM',
    ],
    ['the certificate', 'certificate_presented', evidence(), 'CN=acme, serial number 0a01, issued by CN=Issuer'],
    [
      'its dates',
      'certificate_validity',
      evidence(),
      'valid from 2026-01-01T00:00:00.000Z to 2027-01-01T00:00:00.000Z, judged as of 2026-06-15T12:00:00.000Z',
    ],
    ['its purposes', 'certificate_purpose', evidence(), 'extendedKeyUsage clientAuth'],
    [
      'that it has every purpose',
      'certificate_purpose',
      evidenceOf(certificate({ extendedKeyUsage: undefined })),
      'no extendedKeyUsage, which permits every purpose',
    ],
    [
      'whose it is',
      'certificate_registered',
      evidence(),
      `attached to acme (Acme, production), sha256 ${'aa'.repeat(32)}`,
    ],
    [
      'the one that is registered instead',
      'certificate_registered',
      evidence({
        identity: { binding: { status: 'differs', registered: certificate() }, selection: { status: 'none' } },
      }),
      `another certificate is registered under its serial number and common name: sha256 ${'aa'.repeat(32)}, issued by CN=Issuer`,
    ],
    [
      'a good answer and its tier',
      'revocation',
      evidence({ revocation: { ...answered, status: 'good' } }),
      `good, ${by} (ocsp, found in Redis), ${at}`,
    ],
    [
      'a revocation',
      'revocation',
      evidence({ revocation: { ...answered, status: 'revoked', reason: 'keyCompromise', revokedAt: now } }),
      `revoked since 2026-06-15T12:00:00.000Z (keyCompromise), ${by} (ocsp, found in Redis), ${at}`,
    ],
    [
      'no answer, let pass',
      'revocation',
      evidence({
        revocation: { status: 'unavailable', cause: 'timeout', lastRevoked: false },
        policy: policy({ onUnavailable: 'allow' }),
      }),
      'no answer: timeout; the configuration lets it pass so',
    ],
    [
      'no answer, refused',
      'revocation',
      evidence({ revocation: { status: 'unavailable', cause: 'timeout', lastRevoked: true } }),
      'no answer: timeout; the last known one said revoked',
    ],
    [
      'no responder',
      'revocation',
      evidence({ revocation: { status: 'no_source' } }),
      'the certificate names no responder',
    ],
    [
      'the issuers too',
      'revocation',
      evidence({ revocation: { ...answered, status: 'good', issuers: [{ status: 'no_source' }] } }),
      `good, ${by} (ocsp, found in Redis), ${at}; a CA: the certificate names no responder`,
    ],
    ['the right secret', 'basic', withBasic({ secretVerified: true }), 'the ClientKey acme-key with its secret'],
    [
      'a wrong secret',
      'basic',
      withBasic(),
      "the ClientKey acme-key is unknown, or the secret is not one of its DevApp's that are in force",
    ],
    ['no Basic', 'basic', withBasic({}, { status: 'other_scheme' }), 'Authorization: other scheme'],
    ['the DevApp', 'devapp_selected', evidence(), 'acme (Acme, production)'],
    ['several DevApps', 'devapp_selected', selection('ambiguous'), 'the certificate serves acme (Acme, production)'],
    [
      'another DevApp',
      'devapp_selected',
      selection('mismatch'),
      "the ClientKey is of none of the certificate's DevApps: acme (Acme, production)",
    ],
    [
      'that the DevApp is disabled',
      'devapp_enabled',
      evidence({
        identity: { ...evidence().identity, selection: { status: 'selected', devApp: devApp({ status: 'disabled' }) } },
      }),
      'acme is disabled',
    ],
    [
      'the products',
      'product_selected',
      evidence({ policy: policy({ product: 'loans' }) }),
      "the policy's product is loans; selected: data",
    ],
    ['no QWAC', 'qwac', evidence({ policy: policy({ psd2 }) }), 'not a QWAC: it lacks QcCompliance, or the QcType web'],
    [
      'a QWAC of a provider that is not accepted',
      'qwac',
      evidenceOf(certificate({ qcStatements: qwac() }), { policy: policy({ psd2 }), qtspAccepted: false }),
      'a QWAC; its issuer CN=Issuer is not among the accepted providers',
    ],
    [
      'the roles',
      'psd2_roles',
      evidenceOf(certificate({ qcStatements: qwac() }), {
        policy: policy({ psd2: { ...psd2, roles: ['PSP_AI', 'PSP_PI'] } }),
      }),
      'asked for PSP_AI and PSP_PI; held: PSP_AI',
    ],
    [
      'what was withdrawn',
      'psd2_authorised',
      evidenceOf(certificate({ organizationIdentifier: 'PSDFI-FINFSA-2858394-9', qcStatements: qwac() }), {
        policy: policy({ psd2 }),
        withdrawnRoles: new Set(['PSP_AI']),
      }),
      'withdrawn from PSDFI-FINFSA-2858394-9: PSP_AI',
    ],
  ]
  for (const [title, name, given, words] of found) {
    it(`say at ${name}: ${title}`, () => expect(step(name, given).found).to.equal(words))
  }

  it('say that a secret was not looked at, since too many were wrong', () => {
    const lockedBy = (by: 'client_key' | 'address') => withBasic({ secretLock: { by, retryAfterMs: 1 } })
    expect(step('basic', lockedBy('client_key'))).to.include({
      ...{ outcome: 'deny', code: 'too_many_attempts' },
      found: 'the secret was not looked at: too many were wrong, for the ClientKey acme-key',
    })
    expect(step('basic', lockedBy('address')).found).to.equal(
      'the secret was not looked at: too many were wrong, from this address',
    )
  })

  it('say that a secret was not checked, and never show one', () => {
    expect(step('basic', withBasic({ secretVerified: true }), { secretChecked: false }).found).to.equal(
      'the ClientKey acme-key is known; the secret was not checked: taken as right',
    )
    expect(step('basic', withBasic(), { secretChecked: false }).found).to.equal('no DevApp has the ClientKey acme-key')
    expect(JSON.stringify(step('basic', withBasic()))).not.to.contain('s3cret')
  })
})

describe('explain', () => {
  const owner = devApp()
  const devApps: RegisteredDevApps = {
    bindingOf: () => ({ status: 'registered', certificate: registered(), owners: [owner] }),
    byClientKey: () => owner,
  }
  const ports: Ports = {
    registry: { snapshot: () => devApps },
    secrets: { verify: () => true },
    revocation: { statusOf: async () => good },
    ...{
      qtsps: { accepts: () => true },
      withdrawals: { rolesOf: () => new Set<never>() },
      trials: nothingToTry,
      attempts: nobodyLocked,
      clock: () => now,
    },
  }
  const parts = {
    rules: { hostnames, policies: new Map([['data', policy()]]), shadowUntil: undefined },
    ...{ ports, registrations: undefined, registry: 'devapps.yaml: 1 DevApps', circumstances: () => circumstances },
  }
  const foundAt = async (name: string, sent: Partial<AuthRequest>) =>
    (await explain(request(sent), parts)).steps.find((each) => each.name === name)

  it('waits for the responder, and decides as authorize does', async () => {
    const { judgement, steps } = await explain(request(), parts)
    expect(judgement.decision.kind).to.equal('allow')
    expect(steps.find(({ name }) => name === 'registry_read')?.found).to.equal('devapps.yaml: 1 DevApps')
  })

  it('names the policies that there are, and the hostnames', async () => {
    expect(await foundAt('policy_known', { policy: 'dato' })).to.include({
      outcome: 'deny',
      found: 'no policy dato; there are data',
    })
    expect(await foundAt('policy_known', {})).to.include({ found: 'data: channel mtls, certificate, product data' })
    expect(await foundAt('hostname', { host: 'api2.example.com' })).to.include({
      outcome: 'deny',
      found: 'SNI api.example.com, Host api2.example.com; the channel mtls is served on api.example.com',
    })
  })

  it('says why a request could not be read', async () => {
    const { steps } = await explain(deny('request_malformed', { detail: 'no attributes' }), parts)
    expect(steps[0]).to.include({ name: 'request_read', outcome: 'deny', found: 'no attributes' })
  })
})
