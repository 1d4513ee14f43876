import { expect } from 'chai'
import { type CertificateOptions, newKeyPair } from '../../support/pki.ts'
import { chainOf, inhibitAnyPolicy, policies, policyConstraints, policyMappings, problemsOf } from './path_fixture.ts'

type Extension = NonNullable<CertificateOptions['extensions']>[number]
const any = '2.5.29.32.0'
const [p1, p2, p3] = ['1.2.3.1', '1.2.3.2', '1.2.3.3']
const explicit = policyConstraints({ requireExplicitPolicy: 0 })
const keyPair = newKeyPair()

/** What comes of a path whose certificates below the root have these extensions, from above. */
function judged(...levels: (readonly Extension[])[]): string {
  return problemsOf(
    chainOf({ keyPair }, ...levels.map((extensions) => ({ keyPair, extensions: [...extensions] }))),
  ).join()
}
const missing = (index: number): string => `policy_missing@${index}`

describe('certificate policies', () => {
  it('may be whatever they are where none is required', () => {
    expect(judged([policies(p1)], [policies(p2)])).to.equal('')
    expect(judged([], [])).to.equal('')
  })

  it('have to be one and the same down the path where a CA requires one', () => {
    expect(judged([policies(p1), explicit], [policies(p1, p2)])).to.equal('')
    expect(judged([policies(p1), explicit], [policies(p2)])).to.equal(missing(0))
    expect(judged([policies(p1), explicit], [])).to.equal(missing(0))
    expect(judged([policies(p1, p2)], [policies(p2, p3), explicit], [policies(p1)])).to.equal(missing(0))
  })

  it('are required at once of a CA that requires them and names none', () => {
    expect(judged([], [explicit, policies(p1)], [policies(p1)])).to.equal(missing(0))
    expect(judged([policies(p1)], [explicit, policies(p2)], [policies(p2)])).to.equal(missing(0))
  })

  it('are required only so many certificates further down', () => {
    const within = (count: number) => policyConstraints({ requireExplicitPolicy: count })
    expect(judged([within(1)], [], [])).to.equal(missing(0))
    expect(judged([within(2)], [], [])).to.equal(missing(0))
    expect(judged([within(3)], [], [])).to.equal('')
    expect(judged([], [within(0)])).to.equal(missing(0))
    expect(judged([], [within(1)])).to.equal('')
  })

  it('are what the leaf alone says of it, too: a requirement of none after it counts for itself', () => {
    expect(judged([policies(p1)], [policies(p1), explicit])).to.equal('')
    expect(judged([policies(p1)], [policies(p2), explicit])).to.equal(missing(0))
  })

  it('of the root are not read', () => {
    const chain = chainOf({ extensions: [policies(p2), explicit] }, { extensions: [policies(p1)] }, {})
    expect(problemsOf(chain)).to.deep.equal([])
  })

  it('are all of them under anyPolicy, until a CA inhibits it', () => {
    expect(judged([policies(any), explicit], [policies(p1)])).to.equal('')
    expect(judged([policies(p1), explicit], [policies(any)])).to.equal('')
    expect(judged([policies(any), explicit], [policies(any)])).to.equal('')
    expect(judged([policies(p1), explicit, inhibitAnyPolicy(0)], [policies(any)])).to.equal(missing(0))
    expect(judged([policies(p1), explicit, inhibitAnyPolicy(1)], [policies(any)], [policies(p1)])).to.equal('')
    expect(judged([policies(p1), explicit, inhibitAnyPolicy(1)], [policies(p1)], [policies(any)])).to.equal(missing(0))
  })

  it('under an inhibited anyPolicy still count in what a CA gave itself', () => {
    const self = (...extensions: Extension[]): CertificateOptions => ({ commonName: 'Example Root CA', extensions })
    const inhibiting = self(policies(p1), explicit, inhibitAnyPolicy(0))
    const leaf = { extensions: [policies(p1)] }
    expect(problemsOf(chainOf({}, inhibiting, self(policies(any)), leaf))).to.deep.equal([])
    expect(problemsOf(chainOf({}, inhibiting, { extensions: [policies(any)] }, leaf))).to.deep.equal([missing(1)])
  })

  it('are another one where a CA maps them', () => {
    const mapped = policyMappings([p1, p2])
    expect(judged([policies(p1), explicit, mapped], [policies(p2)])).to.equal('')
    expect(judged([policies(p1), explicit, mapped], [policies(p1)])).to.equal(missing(0))
    expect(judged([policies(any), explicit, mapped], [policies(p2)])).to.equal('')
    expect(judged([policies(p3), explicit, mapped], [policies(p2)])).to.equal(missing(0))
    expect(judged([policies(p1), explicit, policyMappings([p1, p2], [p1, p3])], [policies(p3)])).to.equal('')
  })

  it('are not mapped below a CA that inhibits it', () => {
    const inhibiting = policyConstraints({ requireExplicitPolicy: 0, inhibitPolicyMapping: 0 })
    const mapping = [policies(p1), policyMappings([p1, p2])]
    expect(judged([policies(p1), inhibiting], mapping, [policies(p2)])).to.equal(missing(0))
    expect(judged([policies(p1), inhibiting], mapping, [policies(p1)])).to.equal(missing(0))
    const later = policyConstraints({ requireExplicitPolicy: 0, inhibitPolicyMapping: 1 })
    expect(judged([policies(p1), later], mapping, [policies(p2)])).to.equal('')
  })

  it('that map all to all take no longer for it, where a tree would double with every CA', () => {
    const oids = Array.from({ length: 40 }, (_, i) => `1.2.3.${i}`)
    const all = policyMappings(...oids.flatMap((from) => oids.map((to): [string, string] => [from, to])))
    const level = [policies(...oids), all]
    const started = performance.now()
    expect(judged([explicit, ...level], level, level, level, level, level, [policies('1.2.3.7')])).to.equal('')
    expect(performance.now() - started).to.be.below(2_000)
  })
})
