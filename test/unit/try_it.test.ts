import { expect } from 'chai'
import fc from 'fast-check'
import { authorize } from '../../src/authorize.ts'
import type { Certificate } from '../../src/domain/certificate.ts'
import type { Tried } from '../../src/domain/decision.ts'
import type { DevApp } from '../../src/domain/devapp.ts'
import { judge } from '../../src/domain/judge.ts'
import type { Judgement } from '../../src/domain/judgement.ts'
import { Hostnames } from '../../src/domain/policy.ts'
import type { AuthRequest } from '../../src/domain/request.ts'
import { trialReport } from '../../src/envoy/trial_report.ts'
import { RateLimit } from '../../src/limits/rate_limit.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import type { Ports } from '../../src/ports.ts'
import { RegistrySnapshot } from '../../src/registry/registry.ts'
import { trialsOver } from '../../src/registry/trials.ts'
import { devApp, evidence, good, nobodyLocked, now, policy, request } from '../support/evidence.ts'
import { Authority, type CertificateOptions, type IssuedCertificate } from '../support/pki.ts'

const read = (issued: IssuedCertificate): Certificate => certificateFromDer(issued.der)
const root = Authority.root({ commonName: 'Root' })
const issuing = root.issueAuthority({ commonName: 'Issuing' })
const chain = [read(issuing.certificate), read(root.certificate)] as const
const leaf = read(issuing.issue({ commonName: 'acme', serialNumber: '0a01' }))
const acme = devApp({ certificates: [{ leaf, chain }] })

const rate = { requests: 2, total: 3, perMs: 60_000 }
const trial = policy({ name: 'try', channel: 'try', require: new Set(), product: undefined, rate })
const policies = [
  trial,
  policy(),
  policy({ name: 'partner', require: new Set(['certificate', 'basic']), product: undefined }),
  policy({ name: 'accounts', psd2: { qwac: 'required', roles: ['PSP_AI'], match: 'all' }, shadow: true }),
  policy({ name: 'merchant', channel: 'tls', require: new Set(['basic']) }),
]
const rules = {
  hostnames: new Hostnames({ mtls: ['api.example.com'], tls: ['api2.example.com'], try: ['try.example.com'] }),
  shadowUntil: undefined,
  policies: new Map(policies.map((each) => [each.name, each])),
}

interface Setting {
  readonly devApps?: readonly DevApp[]
  readonly sent?: readonly Certificate[]
  readonly request?: Partial<AuthRequest>
  readonly shadowUntil?: Date
}

/** Who was asked, beside the judgement. */
function tryIt(
  presented: Certificate | undefined,
  { devApps = [acme], sent = [], request: more = {}, shadowUntil }: Setting = {},
) {
  const snapshot = new RegistrySnapshot(devApps)
  const asked = { responders: 0, secrets: 0 }
  const ports: Ports = {
    registry: { snapshot: () => snapshot },
    revocation: {
      statusOf: () => {
        asked.responders++
        return good
      },
    },
    secrets: {
      verify: () => {
        asked.secrets++
        return true
      },
    },
    qtsps: { accepts: () => true },
    withdrawals: { rolesOf: () => new Set() },
    trials: { ...trialsOver(() => snapshot), admit: () => ({ admitted: true }) },
    attempts: nobodyLocked,
    clock: () => now,
  }
  const judgement = authorize(
    request({
      ...{ policy: 'try', sni: 'try.example.com', host: 'try.example.com' },
      certificate: presented ? { status: 'presented', certificate: presented } : { status: 'absent' },
      sentChain: () => ({ status: 'read', certificates: presented ? [presented, ...sent] : [] }),
      ...more,
    }),
    { ...rules, shadowUntil },
    ports,
  ) as Judgement
  expect(judgement.decision.kind).to.equal('tried')
  return { ...asked, tried: judgement.decision as Tried }
}

const issue = (authority: Authority, options: CertificateOptions): Certificate => read(authority.issue(options))
const code = ({ tried }: { tried: Tried }): string => tried.denial?.code ?? 'allow'
const reached = ({ tried }: { tried: Tried }): string[] =>
  tried.steps.filter(({ outcome }) => outcome !== 'not_reached').map(({ name }) => name)

describe('trying a certificate', () => {
  it('says what every API with a client certificate would decide, shadow mode or not, and no other', () => {
    const { tried } = tryIt(leaf)
    expect(tried.policies.map(({ name, denial, alsoBasic }) => [name, denial?.code, alsoBasic])).to.deep.equal([
      ['data', undefined, false],
      ['partner', undefined, true],
      ['accounts', 'qwac_required', false],
    ])
    expect(code({ tried })).to.equal('allow')
  })

  it('says what is refused although shadow mode lets everything pass for now', () => {
    const { tried } = tryIt(leaf, { shadowUntil: new Date(now.getTime() + 1) })
    expect(tried.policies.map(({ denial }) => denial?.code)).to.deep.equal([undefined, undefined, 'qwac_required'])
  })

  it('takes what an API says for its own code, where none would let the certificate in', () => {
    const devApps = [devApp({ certificates: [{ leaf, chain }], products: new Set() })]
    const without = new Map([...rules.policies].filter(([name]) => name !== 'partner'))
    rules.policies = without
    expect(code(tryIt(leaf, { devApps }))).to.equal('product_not_selected')
    rules.policies = new Map(policies.map((each) => [each.name, each]))
  })

  it('asks a responder about a registered certificate alone', () => {
    expect(tryIt(leaf).responders).to.equal(1)
    for (const other of [issue(issuing, { commonName: 'acme' }), issue(root, { commonName: 'other' }), undefined])
      expect(tryIt(other).responders).to.equal(0)
  })

  it('never has a secret checked, whatever is sent along', () => {
    const basic = { status: 'presented', clientKey: 'acme-key', clientSecret: 'guess' } as const
    expect(tryIt(leaf, { request: { basic } })).to.deep.include({ secrets: 0 })
    expect(code(tryIt(leaf, { request: { basic } }))).to.equal('allow')
  })

  it('names the DevApps of a registered certificate to who holds its key, and asks which one is meant', () => {
    const shared = [acme, devApp({ id: 'other', clientKey: 'other-key', certificates: acme.certificates })]
    const { tried } = tryIt(leaf, { devApps: shared })
    expect(tried.devApps.map(({ id }) => id)).to.deep.equal(['acme', 'other'])
    expect([code({ tried }), tried.policies]).to.deep.equal(['devapp_ambiguous', []])
    expect(code(tryIt(leaf, { devApps: shared, request: { clientKey: 'other-key' } }))).to.equal('allow')
  })

  it('says of a registered certificate that its DevApp is disabled, although its CA is not trusted for that reason', () => {
    const { tried } = tryIt(leaf, { devApps: [devApp({ ...acme, status: 'disabled' })] })
    expect(code({ tried })).to.equal('cert_chain_untrusted')
    expect(tried.steps.filter(({ outcome }) => outcome === 'fail').map(({ denial }) => denial?.code)).to.deep.equal([
      'cert_chain_untrusted',
      'devapp_disabled',
    ])
    expect(tried.nearMisses.map(({ kind }) => kind)).to.deep.equal(['devapp_disabled'])
  })

  describe('by who is not registered', () => {
    const forgers: Readonly<Record<string, Certificate>> = {
      'signed by itself': issue(Authority.root({ commonName: 'acme' }), { commonName: 'acme', serialNumber: '0a01' }),
      'signed by a CA that bears the name of the registered one': issue(Authority.root({ commonName: 'Issuing' }), {
        commonName: 'acme',
        serialNumber: '0a01',
      }),
      'of nobody': issue(Authority.root({ commonName: 'Nobody' }), { commonName: 'nobody', serialNumber: '77' }),
    }
    for (const [whose, forged] of Object.entries(forgers))
      it(`tells the same of every certificate of no registered CA: one ${whose}`, () => {
        const { tried, responders } = tryIt(forged)
        expect({ ...tried, certificate: undefined, chain: undefined, denial: tried.denial?.code }).to.deep.include({
          ...{ denial: 'cert_chain_untrusted', devApps: [], policies: [], nearMisses: [] },
        })
        expect(reached({ tried })).to.deep.equal([
          ...['certificate_presented', 'certificate_chain', 'certificate_validity', 'certificate_purpose'],
        ])
        expect(responders).to.equal(0)
      })

    it('names nobody to who sends a ClientKey along', () => {
      const other = devApp({ id: 'other', name: 'Secret Bank', clientKey: 'other-key' })
      const { tried } = tryIt(leaf, { devApps: [acme, other], request: { clientKey: 'other-key' } })
      expect(code({ tried })).to.equal('devapp_mismatch')
      expect(JSON.stringify([tried.nearMisses, tried.policies, tried.denial])).not.to.include('Secret Bank')
    })

    it('says what a certificate nearly is, where the registered issuer signed it', () => {
      expect(tryIt(issue(issuing, { commonName: 'acme' })).tried.nearMisses).to.have.nested.property(
        '[0].kind',
        'other_serial',
      )
      const elsewhere = Authority.root({ commonName: 'Elsewhere' })
      const stranger = devApp({
        id: 'stranger',
        certificates: [{ leaf: issue(elsewhere, { commonName: 'x' }), chain: [read(elsewhere.certificate)] }],
      })
      const alike = tryIt(issue(elsewhere, { commonName: 'acme' }), { devApps: [acme, stranger] })
      expect([code(alike), alike.tried.nearMisses]).to.deep.equal(['cert_not_registered', []])
    })
  })

  it('goes over the certificates that were sent, and says where they end', () => {
    const sibling = root.issueAuthority({ commonName: 'Sibling' })
    const other = issue(sibling, { commonName: 'other' })
    expect(code(tryIt(other))).to.equal('cert_chain_untrusted')
    expect(tryIt(other).tried.chain).to.deep.include({
      reason: `it leads as far as ${read(sibling.certificate).subject}, which is not trusted`,
    })
    expect(code(tryIt(other, { sent: [read(sibling.certificate)] }))).to.equal('cert_not_registered')
    const malformed = { sentChain: () => ({ status: 'malformed', cause: 'more than 10 certificates' }) as const }
    expect(code(tryIt(leaf, { request: malformed }))).to.equal('allow')
    expect(tryIt(other, { request: malformed }).tried.chain).to.deep.include({
      reason: 'what came with it cannot be read: more than 10 certificates',
    })
  })

  it('is refused once it is tried too often, unread, and names the seconds to wait', () => {
    const limit = new RateLimit()
    const snapshot = new RegistrySnapshot([acme])
    let readings = 0
    const once = (source: string) => {
      const ports = { trials: { ...trialsOver(() => snapshot), admit: limit.admit.bind(limit) }, clock: () => now }
      const sentChain = () => {
        readings++
        return { status: 'read', certificates: [] } as const
      }
      const host = 'try.example.com'
      const asked = request({ policy: 'try', sni: host, host, source, sentChain })
      return authorize(asked, rules, {
        ...ports,
        registry: { snapshot: () => undefined },
      } as unknown as Ports) as Judgement
    }
    const codes = (judgement: Judgement) => judgement.decision.kind === 'deny' && judgement.decision
    for (const _ of [1, 2]) expect(codes(once('192.0.2.1'))).to.include({ code: 'registry_unavailable' })
    expect(codes(once('192.0.2.1'))).to.deep.equal({
      ...{ kind: 'deny', code: 'too_many_requests', detail: 'by=source', retryAfterSeconds: 30 },
      told: 'Too many requests. Try again after 30 seconds.',
    })
    once('192.0.2.2')
    expect(codes(once('192.0.2.3'))).to.include({ detail: 'by=total', retryAfterSeconds: 20 })
    expect(readings).to.equal(0)
  })

  it('is answered on its own hostname alone, and there nothing else is', () => {
    for (const [name, sni, host] of [
      ['try', 'api.example.com', 'api.example.com'],
      ['try', 'try.example.com', 'api.example.com'],
      ['try', 'api2.example.com', 'try.example.com'],
      ['data', 'try.example.com', 'try.example.com'],
      ['merchant', 'try.example.com', 'try.example.com'],
    ] as const) {
      const { decision } = authorize(request({ policy: name, sni, host }), rules, {} as Ports) as Judgement
      expect(decision, `${name} ${sni} ${host}`).to.include({ kind: 'deny', code: 'wrong_hostname' })
    }
  })

  it('lets no request pass, whatever comes to be judged under its policy', () => {
    for (const shadow of [false, true])
      expect(judge(evidence({ policy: trial, shadow }))).to.include({ kind: 'deny', code: 'policy_unknown' })
  })
})

describe('the report of a trial', () => {
  const reporting = { requestId: 'r-1', apiHostname: 'api.example.com' }
  const json = (tried: Tried) =>
    JSON.parse(trialReport(tried, { ...reporting, wantsJson: true }).body) as Record<string, unknown>
  const text = (tried: Tried) => trialReport(tried, { ...reporting, wantsJson: false })

  it('is JSON where it is asked for', () => {
    const { tried } = tryIt(issue(issuing, { commonName: 'acme' }))
    expect(json(tried)).to.deep.include({
      ...{ allowed: false, code: 'cert_not_registered', devapps: [], policies: [] },
      ...{ told: tried.denial?.told, at: now.toISOString(), request_id: 'r-1' },
    })
  })

  it('is plain text for people, the verdict first', () => {
    const { contentType, body } = text(tryIt(leaf).tried)
    expect(contentType).to.equal('text/plain; charset=utf-8')
    expect(body).to.match(/^This certificate is accepted\.\n/)
    expect(body).to.include('✓ partner                 allowed, with HTTP Basic as well\n')
    expect(body).to.match(/\nAs of 2026-06-15T12:00:00.000Z, request r-1\n$/)
  })

  it('never holds what is for the log alone', () => {
    const { tried } = tryIt(issue(issuing, { commonName: 'acme', serialNumber: '0a01', organization: 'Other' }))
    expect(tried.denial?.detail).to.match(/^registered sha256=/)
    expect(JSON.stringify(json(tried)) + text(tried).body).not.to.include('registered sha256=')
  })

  it('holds nothing that a terminal would obey, whatever names say', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (name) => {
        const certificate = { ...leaf, subject: name, issuer: `\u001b[2J${name}`, organizationIdentifier: `${name}\n` }
        const { body } = text(tryIt({ ...certificate, sha256: 'f0' }).tried)
        expect(body.replaceAll('\n', '')).not.to.match(/[\p{C}\p{Zl}\p{Zp}]/u)
        expect(body.split('\n').length).to.be.lessThan(40)
      }),
      { numRuns: 100 },
    )
  })
})
