import { expect } from 'chai'
import type { DevApp } from '../../../src/domain/devapp.ts'
import { type Binding, identify, type RegisteredDevApps } from '../../../src/domain/identify.ts'
import type { Policy } from '../../../src/domain/policy.ts'
import type { AuthRequest } from '../../../src/domain/request.ts'
import { devApp, policy, registered, request } from '../../support/evidence.ts'

const one = devApp({ id: 'one', clientKey: 'key-1' })
const two = devApp({ id: 'two', clientKey: 'key-2' })

function registry(owners: readonly DevApp[]): RegisteredDevApps {
  const binding: Binding =
    owners.length === 0 ? { status: 'unregistered' } : { status: 'registered', certificate: registered(), owners }
  return { bindingOf: () => binding, byClientKey: (key) => [one, two].find(({ clientKey }) => clientKey === key) }
}

const basicOf = (clientKey: string) => ({ status: 'presented', clientKey, clientSecret: 'secret' }) as const
const certificate = policy()
const both = policy({ require: new Set(['certificate', 'basic']) })
const basic = policy({ channel: 'tls', require: new Set(['basic']) })
const open = policy({ channel: 'tls', require: new Set() })

describe('identify', () => {
  const cases: [string, Policy, readonly DevApp[], Partial<AuthRequest>, DevApp | 'none' | 'ambiguous' | 'mismatch'][] =
    [
      ['the only owner of the certificate', certificate, [one], {}, one],
      ['nobody, for an unregistered certificate', certificate, [], {}, 'none'],
      ['nobody yet, when the certificate serves several', certificate, [one, two], {}, 'ambiguous'],
      ['the owner that x-client-key names', certificate, [one, two], { clientKey: 'key-2' }, two],
      ['the owner whose ClientKey Basic names', certificate, [one, two], { basic: basicOf('key-2') }, two],
      ['a mismatch, when x-client-key names no owner', certificate, [one, two], { clientKey: 'key-3' }, 'mismatch'],
      [
        'a mismatch, when x-client-key names another than the only owner',
        certificate,
        [one],
        { clientKey: 'key-2' },
        'mismatch',
      ],
      ['the only owner, when Basic is meant for the upstream', certificate, [one], { basic: basicOf('user') }, one],
      [
        'a mismatch, when Basic on a shared certificate names no owner',
        certificate,
        [one, two],
        { basic: basicOf('user') },
        'mismatch',
      ],
      [
        'x-client-key before a Basic that is not asked for',
        certificate,
        [one, two],
        { clientKey: 'key-1', basic: basicOf('key-2') },
        one,
      ],
      ['the DevApp of both credentials', both, [one], { basic: basicOf('key-1') }, one],
      ['a mismatch, when the credentials are of two DevApps', both, [one], { basic: basicOf('key-2') }, 'mismatch'],
      ['the owner that Basic proves, of a shared certificate', both, [one, two], { basic: basicOf('key-2') }, two],
      [
        'a mismatch, when Basic and x-client-key differ',
        both,
        [one, two],
        { basic: basicOf('key-2'), clientKey: 'key-1' },
        'mismatch',
      ],
      ['the DevApp of the ClientKey', basic, [], { basic: basicOf('key-1') }, one],
      ['nobody, for an unknown ClientKey', basic, [], { basic: basicOf('key-9') }, 'none'],
      [
        'a mismatch, when x-client-key is another ClientKey',
        basic,
        [],
        { basic: basicOf('key-1'), clientKey: 'key-2' },
        'mismatch',
      ],
      [
        'nobody, on a public policy, whatever is sent',
        open,
        [one],
        { basic: basicOf('key-1'), clientKey: 'key-1' },
        'none',
      ],
    ]
  for (const [title, asking, owners, sent, expected] of cases) {
    it(`finds ${title}`, () => {
      const { selection } = identify(request(sent), asking, registry(owners))
      expect(selection).to.deep.equal(
        typeof expected === 'string' ? { status: expected } : { status: 'selected', devApp: expected },
      )
    })
  }

  it('looks at no certificate where the policy asks for none', () => {
    expect(identify(request(), basic, registry([one])).binding).to.deep.equal({ status: 'not_presented' })
  })
})
