import { expect } from 'chai'
import fc from 'fast-check'
import { denialIn } from '../../../src/domain/decision.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { checkNames, examine, judge } from '../../../src/domain/judge.ts'
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

/** Evidence of every kind, most of which is refused by several checks at once. */
const anyEvidence: fc.Arbitrary<Evidence> = fc
  .record({
    policy: fc.record({
      channel: fc.constantFrom('mtls', 'tls'),
      require: fc.subarray(['certificate', 'basic'] as const).map((each) => new Set(each)),
      product: fc.constantFrom(undefined, 'data', 'other'),
      psd2: fc.constantFrom(undefined, { qwac: 'required', roles: ['PSP_AI'], match: 'all' } as const),
    }),
    leaf: fc.constantFrom(
      certificate(),
      certificate({ notAfter: new Date(0), extendedKeyUsage: [] }),
      certificate({ qcStatements: qwac() }),
    ),
    sent: fc.constantFrom('absent', 'presented'),
    bound: fc.boolean(),
    selection: fc.constantFrom('selected', 'none', 'ambiguous', 'mismatch'),
    status: fc.constantFrom('enabled', 'disabled'),
    revocation: fc.constantFrom(good, { status: 'not_asked' }, { status: 'no_source' }),
    secretVerified: fc.boolean(),
    qtspAccepted: fc.boolean(),
  })
  .map(({ policy: asked, leaf, sent, bound, selection, status, ...rest }) =>
    evidence({
      ...(rest as Partial<Evidence>),
      policy: policy(asked as Parameters<typeof policy>[0]),
      request: request({
        certificate: sent === 'absent' ? { status: sent } : { status: 'presented', certificate: leaf },
      }),
      identity: {
        binding: bound
          ? { status: 'registered', certificate: registered(leaf), owners: [devApp()] }
          : { status: 'unregistered' },
        selection:
          selection === 'selected'
            ? { status: selection, devApp: devApp({ status: status as 'enabled' }) }
            : { status: selection as 'none' },
      },
    }),
  )

describe('examine', () => {
  it('runs every check, in the order of the table', () => {
    expect(examine(evidence()).map(({ name }) => name)).to.deep.equal(checkNames)
    expect(new Set(checkNames).size).to.equal(checkNames.length)
  })

  it('says what later checks refuse as well', () => {
    const leaf = certificate({ notAfter: new Date(0), extendedKeyUsage: [] })
    const refusals = examine(evidenceOf(leaf)).flatMap(({ denial }) => denial?.code ?? [])
    expect(refusals).to.deep.equal(['cert_expired', 'cert_purpose'])
  })

  it('has the decision of judge as its first refusal, whatever the evidence', () => {
    const codes = new Set<string>()
    fc.assert(
      fc.property(anyEvidence, (given) => {
        const decision = judge(given)
        const first = examine(given).find(({ denial }) => denial !== undefined)?.denial
        expect(first ?? 'allow').to.deep.equal(denialIn(decision) ?? 'allow')
        codes.add(denialIn(decision)?.code ?? 'allow')
      }),
      { numRuns: 500, seed: 1 },
    )
    expect(codes.size).to.be.greaterThan(6)
  })
})
