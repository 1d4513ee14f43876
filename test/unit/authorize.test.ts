import { expect } from 'chai'
import { authorize, preliminaries } from '../../src/authorize.ts'
import { denialIn } from '../../src/domain/decision.ts'
import type { Binding, RegisteredDevApps } from '../../src/domain/identify.ts'
import type { Judgement } from '../../src/domain/judgement.ts'
import type { AuthRequest } from '../../src/domain/request.ts'
import { Lockouts } from '../../src/lockout/lockouts.ts'
import type { Ports, SecretAttempt } from '../../src/ports.ts'
import {
  devApp,
  good,
  hostnames,
  nobodyLocked,
  nothingToTry,
  now,
  policy,
  registered,
  request,
} from '../support/evidence.ts'

const owner = devApp()
const rules = {
  hostnames,
  shadowUntil: undefined,
  policies: new Map(
    [
      policy(),
      policy({ name: 'merchant', channel: 'tls', require: new Set(['basic']) }),
      policy({ name: 'rollout', product: 'new', shadow: true }),
      policy({ name: 'callback', channel: 'tls', require: new Set(), product: undefined }),
    ].map((each) => [each.name, each]),
  ),
}

interface Asked {
  readonly revocation: number
  readonly secrets: (string | undefined)[]
}

function ports(changes: Partial<Ports> = {}, binding?: Binding): { ports: Ports; asked: Asked } {
  const asked = { revocation: 0, secrets: [] as (string | undefined)[] }
  const devApps: RegisteredDevApps = {
    bindingOf: () => binding ?? { status: 'registered', certificate: registered(), owners: [owner] },
    byClientKey: (key) => (key === owner.clientKey ? owner : undefined),
  }
  return {
    asked,
    ports: {
      registry: { snapshot: () => devApps },
      secrets: {
        verify: (devApp) => {
          asked.secrets.push(devApp?.id)
          return devApp !== undefined
        },
      },
      revocation: {
        statusOf: () => {
          asked.revocation++
          return good
        },
      },
      qtsps: { accepts: () => true },
      withdrawals: { rolesOf: () => new Set() },
      trials: nothingToTry,
      attempts: nobodyLocked,
      clock: () => now,
      ...changes,
    },
  }
}

function codeOf(judgement: Judgement | Promise<Judgement>): string {
  expect(judgement, 'it waited').not.to.be.instanceOf(Promise)
  const { decision } = judgement as Judgement
  return denialIn(decision)?.code ?? 'allow'
}

const onTls: Partial<AuthRequest> = {
  sni: 'api2.example.com',
  host: 'api2.example.com',
  certificate: { status: 'absent' },
}
const basic = (clientKey: string) => ({ status: 'presented', clientKey, clientSecret: 'secret' }) as const

describe('authorize', () => {
  it('allows without waiting when all evidence is at hand', () => {
    expect(codeOf(authorize(request(), rules, ports().ports))).to.equal('allow')
  })

  it('waits for evidence that is not at hand', async () => {
    const { decision } = await authorize(request(), rules, ports({ revocation: { statusOf: async () => good } }).ports)
    expect(decision.kind).to.equal('allow')
  })

  it('refuses a route that names no policy, or one that does not exist', () => {
    expect(codeOf(authorize(request({ policy: undefined }), rules, ports().ports))).to.equal('policy_unknown')
    expect(codeOf(authorize(request({ policy: 'nonesuch' }), rules, ports().ports))).to.equal('policy_unknown')
    expect(codeOf(authorize(request({ policy: '__proto__' }), rules, ports().ports))).to.equal('policy_unknown')
  })

  const misdirected: [string, Partial<AuthRequest>][] = [
    ['the 1-way hostname', { sni: 'api2.example.com', host: 'api2.example.com' }],
    ['the SNI of one hostname and the Host of the other', { sni: 'api.example.com', host: 'api2.example.com' }],
    ['the Host of one hostname and the SNI of the other', { sni: 'api2.example.com', host: 'api.example.com' }],
    ['no SNI', { sni: undefined }],
    ['an unknown Host', { host: 'elsewhere.example' }],
    ['an empty Host', { host: '' }],
    ['two Hosts', { host: 'api.example.com,api2.example.com' }],
  ]
  for (const [title, sent] of misdirected) {
    it(`sends a request for a 2-way API with ${title} to the right hostname`, () => {
      const judgement = authorize(request(sent), rules, ports().ports) as Judgement
      expect(judgement.decision).to.include({
        code: 'wrong_hostname',
        told: 'This API is served on api.example.com.',
      })
    })
  }

  it('takes shadow mode from the policy, and its end from the clock', () => {
    const kindAt = (name: string, at: Date, shadowUntil?: Date): string => {
      const given = ports({ clock: () => at }, { status: 'unregistered' }).ports
      return (authorize(request({ policy: name }), { ...rules, shadowUntil }, given) as Judgement).decision.kind
    }
    const until = new Date(now.getTime() + 1)
    expect(kindAt('rollout', now)).to.equal('shadowed')
    expect([kindAt('data', now), kindAt('data', now, until), kindAt('data', until, until)]).to.deep.equal([
      ...['deny', 'shadowed', 'deny'],
    ])
  })

  it('enforces in shadow mode what falls before anything was gathered', () => {
    const all = { ...rules, shadowUntil: new Date(now.getTime() + 1) }
    const empty = ports({ registry: { snapshot: () => undefined } }).ports
    for (const [sent, given, code] of [
      [{ policy: 'nonesuch' }, ports().ports, 'policy_unknown'],
      [{ sni: 'api2.example.com' }, ports().ports, 'wrong_hostname'],
      [{}, empty, 'registry_unavailable'],
    ] as const)
      expect((authorize(request(sent), all, given) as Judgement).decision).to.include({ kind: 'deny', code })
  })

  it('refuses everybody until the registry was read', () => {
    const empty = ports({ registry: { snapshot: () => undefined } })
    expect(codeOf(authorize(request(), rules, empty.ports))).to.equal('registry_unavailable')
  })

  it('looks at what comes before any evidence in the order that is published', () => {
    const empty = ports({ registry: { snapshot: () => undefined } }).ports
    const mended = [{ policy: 'nonesuch', host: 'elsewhere' }, { host: 'elsewhere' }, {}]
    const found = mended.map((sent) => authorize(request(sent), rules, empty) as Judgement)
    expect(found.map(codeOf)).to.deep.equal(preliminaries.map(({ code }) => code))
    expect(found.map(({ evidence }) => evidence)).to.deep.equal([undefined, undefined, undefined])
  })

  it('never asks for the revocation of an unregistered certificate', () => {
    const { ports: given, asked } = ports({}, { status: 'unregistered' })
    expect(codeOf(authorize(request(), rules, given))).to.equal('cert_not_registered')
    expect(asked.revocation).to.equal(0)
  })

  it('verifies a secret for an unknown ClientKey too', () => {
    const { ports: given, asked } = ports()
    const sent = request({ ...onTls, policy: 'merchant', basic: basic('nobody') })
    expect(codeOf(authorize(sent, rules, given))).to.equal('basic_invalid')
    expect(asked.secrets).to.deep.equal([undefined])
  })

  it('allows the right secret on the 1-way hostname', () => {
    const sent = request({ ...onTls, policy: 'merchant', basic: basic(owner.clientKey) })
    expect(codeOf(authorize(sent, rules, ports().ports))).to.equal('allow')
  })

  it('asks nobody on a public policy', () => {
    const { ports: given, asked } = ports()
    expect(codeOf(authorize(request({ ...onTls, policy: 'callback' }), rules, given))).to.equal('allow')
    expect(asked).to.deep.equal({ revocation: 0, secrets: [] })
  })

  describe('after too many wrong secrets', () => {
    const sent = request({ ...onTls, policy: 'merchant', basic: basic(owner.clientKey) })

    it('looks at no secret, and says when to try again', () => {
      const attempts = { ...nobodyLocked, lockOf: () => ({ by: 'client_key', retryAfterMs: 29_500 }) as const }
      const { ports: given, asked } = ports({ attempts })
      const { decision } = authorize(sent, rules, given) as Judgement
      expect(decision).to.deep.equal({
        ...{ kind: 'deny', code: 'too_many_attempts', detail: 'by=client_key', retryAfterSeconds: 30 },
        told: 'Too many failed attempts. Try again after 30 seconds.',
      })
      expect(asked.secrets).to.deep.equal([])
    })

    it('says the same for a ClientKey that nobody has', () => {
      const attempts = { ...nobodyLocked, lockOf: () => ({ by: 'address', retryAfterMs: 1 }) as const }
      const of = (clientKey: string) =>
        (authorize({ ...sent, basic: basic(clientKey) }, rules, ports({ attempts }).ports) as Judgement).decision
      expect(of('nobody')).to.deep.equal(of(owner.clientKey))
    })

    it('lets nobody in who guessed the right one beside many wrong ones at once', async () => {
      let verdicts: ((right: boolean) => void)[] = []
      const secrets = { verify: () => new Promise<boolean>((resolve) => verdicts.push(resolve)) }
      const limit = { attempts: 3, windowMs: 60_000, lockMs: 60_000, maxLockMs: 60_000 }
      const attempts = new Lockouts({
        ...{ limits: () => ({ client_key: limit, address: limit, distributed: limit }), clock: () => now },
        observer: { onBegan: () => {}, onRefused: () => {}, onLifted: () => {} },
      })
      const { ports: given } = ports({ secrets, attempts })
      const together = Array.from({ length: 6 }, () => authorize(sent, rules, given))
      verdicts.forEach((tell, index) => void tell(index === 5))
      expect((await Promise.all(together)).map(codeOf)).to.deep.equal([
        ...Array(3).fill('basic_invalid'),
        ...Array(3).fill('too_many_attempts'),
      ])
      verdicts = []
      const elsewhere = authorize({ ...sent, source: '192.0.2.200' }, rules, given)
      for (const tell of verdicts) tell(true)
      expect(codeOf(await elsewhere)).to.equal('allow')
    })

    it('tells who failed, and who did not, of requests that asked for Basic', () => {
      const told: string[] = []
      const attempts = {
        lockOf: () => undefined,
        succeeded: ({ clientKey, source }: SecretAttempt) => void told.push(`right ${clientKey} ${source}`),
        failed: ({ clientKey }: SecretAttempt, devApp?: string) => void told.push(`wrong ${clientKey} ${devApp}`),
      }
      for (const clientKey of [owner.clientKey, 'nobody'])
        authorize({ ...sent, basic: basic(clientKey) }, rules, ports({ attempts }).ports)
      authorize({ ...sent, policy: 'callback' }, rules, ports({ attempts }).ports)
      expect(told).to.deep.equal([`right ${owner.clientKey} 192.0.2.1`, 'wrong nobody undefined'])
    })
  })
})
