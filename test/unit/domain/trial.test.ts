import { expect } from 'chai'
import type { Registrations } from '../../../src/domain/near_miss.ts'
import { type Trial, trialOf } from '../../../src/domain/trial.ts'
import { certificate, devApp, evidence, policy, registered, request } from '../../support/evidence.ts'

const leaf = certificate({ serialNumber: '0b' })
const stranger = {
  request: request({ certificate: { status: 'presented', certificate: leaf }, clientKey: 'acme-key' }),
  identity: { binding: { status: 'unregistered' }, selection: { status: 'none' } },
} as const

/** In which one certificate is like every other, and `proves` says whether its issuer signed them. */
const registrations = (proves: boolean): Registrations => ({
  ...{ byClientKey: () => devApp(), isIssuedBy: () => proves, haveSameKey: () => false },
  alike: () => [{ certificate: registered(), owners: [devApp()] }],
})

const trial = (changes: Partial<Trial> = {}): Trial => ({
  ...{ evidence: evidence(stranger), chain: { status: 'trusted', path: [] }, policies: new Map(), qtspAccepted: true },
  registrations: registrations(true),
  ...changes,
})
const outcomes = (given: Trial): string[] => trialOf(given).steps.map(({ name, outcome }) => `${name} ${outcome}`)

describe('a certificate that is tried', () => {
  it('is the one that was presented, and each step says what it found', () => {
    expect(trialOf(trial()).certificate).to.equal(leaf)
    expect(outcomes(trial())).to.deep.equal([
      ...[
        'certificate_presented pass',
        'certificate_chain pass',
        'certificate_validity pass',
        'certificate_purpose pass',
      ],
      ...[
        'certificate_registered fail',
        'revocation not_reached',
        'devapp_selected not_reached',
        'devapp_enabled not_reached',
      ],
    ])
  })

  it('is told nothing beyond that there is none, where none was presented', () => {
    const given = trial({
      chain: undefined,
      evidence: evidence({ ...stranger, request: request({ certificate: { status: 'absent' } }) }),
    })
    expect(trialOf(given).certificate).to.equal(undefined)
    expect(outcomes(given)).to.deep.equal([
      ...['certificate_presented fail', 'certificate_chain not_reached', 'certificate_validity not_reached'],
      ...['certificate_purpose not_reached', 'certificate_registered not_reached', 'revocation not_reached'],
      ...['devapp_selected not_reached', 'devapp_enabled not_reached'],
    ])
  })

  it('is told where its chain ends', () => {
    const { denial } = trialOf(trial({ chain: { status: 'untrusted', reason: 'no issuer' } }))
    expect(denial).to.include({ code: 'cert_chain_untrusted', detail: 'no issuer' })
  })

  it('is told what it nearly is only where the registered issuer proves it', () => {
    expect(trialOf(trial()).nearMisses.map(({ kind }) => kind)).to.deep.equal(['other_serial'])
    expect(trialOf(trial({ registrations: registrations(false) })).nearMisses).to.deep.equal([])
    expect(trialOf(trial({ registrations: undefined })).nearMisses).to.deep.equal([])
    expect(trialOf(trial({ chain: { status: 'untrusted', reason: 'x' } })).nearMisses).to.deep.equal([])
  })

  it('is told what each API of the 2-way hostname says, where it is the registered one', () => {
    const policies = new Map(
      [
        policy(),
        policy({ name: 'other', product: 'none of its own', shadow: true }),
        policy({ name: 'both', require: new Set(['certificate', 'basic']) }),
        policy({ name: 'merchant', channel: 'tls' }),
      ].map((each) => [each.name, each] as const),
    )
    const { policies: tried, denial, devApps } = trialOf(trial({ evidence: evidence({ shadow: true }), policies }))
    expect(tried.map((each) => [each.name, each.denial?.code, each.alsoBasic])).to.deep.equal([
      ['data', undefined, false],
      ['other', 'product_not_selected', false],
      ['both', undefined, true],
    ])
    expect(denial).to.equal(undefined)
    expect(devApps.map(({ id }) => id)).to.deep.equal(['acme'])
  })
})
