import { expect } from 'chai'
import type { Judgement } from '../../../src/domain/judgement.ts'
import { PreparedAnswers } from '../../../src/envoy/prepared_answers.ts'
import { authorizationService } from '../../../src/envoy/protos.ts'
import { responseTo } from '../../../src/envoy/response_to.ts'
import { certificate, devApp, evidence, hostnames, policy } from '../../support/evidence.ts'

const policies = new Map(['data', 'other'].map((name) => [name, policy({ name })]))
const settings = { policies, hostnames, typeBase: 'urn:' }
const owner = devApp()

function allowed(changes: Partial<Extract<Judgement['decision'], { kind: 'allow' }>> = {}): Judgement {
  const decision = { kind: 'allow', devApp: owner, certificate: certificate(), psd2Roles: [], ...changes } as const
  return { decision, evidence: evidence() }
}

describe('prepared answers', () => {
  it('are the bytes that are serialized for the same judgement, each time', () => {
    const answers = new PreparedAnswers()
    const leaf = certificate()
    const judgements = [
      allowed({ certificate: leaf }),
      allowed({ certificate: leaf, psd2Roles: ['PSP_AI'] }),
      allowed({ certificate: leaf, psd2Roles: ['PSP_PI'] }),
      allowed({ certificate: undefined }),
      allowed({ devApp: devApp({ id: 'beta' }) }),
      allowed({ devApp: undefined }),
    ]
    for (let round = 0; round < 3; round++)
      for (const judgement of judgements)
        for (const name of ['data', 'other', 'none']) {
          const request = { ...evidence().request, policy: name }
          const bytes = authorizationService.Check.responseSerialize(responseTo(request, judgement, settings))
          expect(answers.bytesOf(request, judgement, settings).equals(bytes)).to.equal(true)
        }
  })

  it('are made anew for a policy that a reload changed, and for no more of them than a DevApp uses', () => {
    const answers = new PreparedAnswers()
    const judgement = allowed()
    const request = { ...evidence().request, policy: 'data' }
    const first = answers.bytesOf(request, judgement, settings)
    expect(answers.bytesOf(request, judgement, settings)).to.equal(first)
    const basic = policy({ require: new Set(['certificate', 'basic']) })
    const after = answers.bytesOf(request, judgement, { ...settings, policies: new Map([['data', basic]]) })
    expect(after.includes('authorization')).to.equal(true)
    for (let i = 0; i < 20; i++)
      answers.bytesOf(request, judgement, { ...settings, policies: new Map([['data', policy()]]) })
    expect(answers.bytesOf(request, judgement, settings).equals(first)).to.equal(true)
  })
})
