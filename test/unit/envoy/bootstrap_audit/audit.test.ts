import { expect } from 'chai'
import { pathText } from '../../../../src/config/problem.ts'
import { subjects } from '../../../../src/envoy/bootstrap_audit/subjects.ts'
import { authorizationMutations } from './authorization_mutations.ts'
import { connectionMutations } from './connection_mutations.ts'
import { audited, bootstrapWith, type Mutation } from './fixture.ts'
import { routingMutations } from './routing_mutations.ts'
import { tryItMutations } from './try_it_mutations.ts'

const mutations: readonly Mutation[] = [
  ...authorizationMutations,
  ...routingMutations,
  ...connectionMutations,
  ...tryItMutations,
]

describe("the audit of Envoy's configuration", () => {
  it('finds nothing in envoy/envoy.yaml', () => {
    expect(audited(bootstrapWith())).to.deep.equal([])
  })

  for (const { code, title, put, value, found = put, also = [] } of mutations)
    it(`finds ${code}: ${title}`, () => {
      const findings = audited(bootstrapWith({ put, value }))
      expect([...new Set(findings.map((finding) => finding.code))].sort()).to.deep.equal(
        [...new Set([code, ...also])].sort(),
      )
      expect(findings.filter((finding) => finding.code === code).map(({ path }) => path)).to.include(pathText(found))
      if (!also.includes(code)) expect(findings.filter((finding) => finding.code === code)).to.have.length(1)
    })

  it('has a mutation for every finding', () => {
    // What files themselves bring about has tests of its own.
    const others = ['unreadable', 'configuration_unusable']
    const codes = subjects.flatMap(({ rules }) => rules.map(({ code }) => code))
    expect(new Set([...mutations.map(({ code }) => code), ...others])).to.deep.equal(new Set(codes))
    expect(new Set(codes).size).to.equal(codes.length)
  })
})
