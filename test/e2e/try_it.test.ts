import { expect } from 'chai'
import type { Answer, Call } from '../../demo/client.ts'
import type { Gateway } from '../../demo/gateway.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { Authority } from '../support/pki.ts'

type Http = Extract<Answer, { kind: 'http' }>
type Named = keyof Gateway['parties']['certificates']

interface Report {
  readonly allowed: boolean
  readonly code: string | null
  readonly told: string | null
  readonly certificate: Record<string, unknown> | null
  readonly chain: { readonly status: string; readonly path?: string[]; readonly reason?: string } | null
  readonly steps: readonly { readonly name: string; readonly outcome: string; readonly code: string | null }[]
  readonly devapps: readonly { readonly id: string }[]
  readonly policies: readonly { readonly policy: string; readonly code: string | null }[]
  readonly near_misses: readonly { readonly kind: string }[]
  readonly request_id: string
}

describe('a certificate tried through the real Envoy', function () {
  this.timeout(30_000)
  let gateway: Gateway

  before(async () => {
    gateway = await startDemoGateway()
  })
  after(() => gateway.stop())

  async function answer(asked: Partial<Call>): Promise<Http> {
    const came = await gateway.call({ sni: 'try.example.com', path: '/', ...asked })
    if (came.kind !== 'http') throw new Error(`no answer: ${came.alert}`)
    return came
  }
  async function report(asked: Partial<Call>): Promise<Report> {
    const { status, body } = await answer({ headers: { accept: 'application/json' }, ...asked })
    expect(status, body).to.equal(200)
    return JSON.parse(body) as Report
  }
  const named = (name: Named) => ({ certificate: gateway.parties.certificates[name] })
  const outcomes = ({ steps }: Report) => steps.map(({ outcome }) => outcome).join(' ')

  it('is told its own facts, each step, and what each API says', async () => {
    const told = await report(named('fintech'))
    expect(told).to.deep.include({ allowed: true, code: null, told: null })
    expect(told.certificate).to.deep.include({
      commonNames: ['fintech.example'],
      organizationIdentifier: 'PSDFI-FINFSA-2858394-9',
      qwac: true,
      psd2: { roles: ['PSP_AI'], ncaName: 'Finanssivalvonta', ncaId: 'FI-FINFSA' },
    })
    expect(new Set(told.steps.map(({ outcome }) => outcome))).to.deep.equal(new Set(['pass']))
    expect(told.devapps.map(({ id }) => id)).to.deep.equal(['fintech'])
    expect(told.policies.map(({ policy, code }) => `${policy} ${code ?? 'allowed'}`)).to.deep.equal([
      'data product_not_selected',
      'accounts allowed',
      'partner allowed',
    ])
  })

  it('is answered for people, too: never in HTML, and kept by no cache', async () => {
    const { headers, body } = await answer({
      ...named('expired'),
      headers: { accept: 'text/html,application/xhtml+xml,*/*' },
    })
    expect(headers).to.include({
      ...{ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      'x-content-type-options': 'nosniff',
    })
    expect(body).to.match(/^This certificate is refused\.\ncert_expired: The client certificate expired on 20/)
    expect(body).to.include('✓ certificate_chain\n✗ certificate_validity')
  })

  it('gets its request id, under which the access log has the code', async () => {
    const { request_id, code } = await report(named('future'))
    expect(code).to.equal('cert_not_yet_valid')
    const line = await gateway.envoy.logged((each) => each['request_id'] === request_id)
    expect(line).to.include({ code, policy: 'try', devapp: 'troubled', status: 200, upstream: null })
  })

  it('needs the intermediate certificates that it came with, where a sibling of the registered CA issued it', async () => {
    const sibling = gateway.parties.root.issueAuthority({ commonName: 'Sibling CA' })
    const certificate = sibling.issue({ commonName: 'sibling.example' })
    const alone = await report({ certificate })
    expect(alone.code).to.equal('cert_chain_untrusted')
    expect(alone.chain?.reason).to.match(/as far as CN=Sibling CA/)
    const whole = await report({ certificate, chainPem: sibling.certificate.pem })
    expect(whole.code).to.equal('cert_not_registered')
    expect(whole.chain?.path?.map((subject) => subject.split(',')[0])).to.deep.equal([
      'CN=Sibling CA',
      'CN=Demo Root CA',
    ])
  })

  describe('of a stranger', () => {
    it('who signed the serial number and name of another is told nothing about that one', async () => {
      const { acme } = gateway.parties.certificates
      const forged = Authority.root({ commonName: 'Demo Issuing CA', now: new Date() }).issue({
        ...{ commonName: 'acme.example', serialNumber: acme.serialNumber },
      })
      const told = await report({ certificate: forged })
      expect(told).to.deep.include({ code: 'cert_chain_untrusted', devapps: [], policies: [], near_misses: [] })
      expect(outcomes(told)).to.equal('pass fail pass pass not_reached not_reached not_reached not_reached')
      const another = await report({
        certificate: Authority.root({ now: new Date() }).issue({ commonName: 'nobody.example' }),
      })
      expect(outcomes(another)).to.equal(outcomes(told))
    })

    it('makes the service ask no responder', async () => {
      await gateway.stopResponders()
      try {
        expect((await report(named('stranger'))).code).to.equal('cert_not_registered')
      } finally {
        await gateway.startResponders()
      }
    })

    it('may claim a chain and credentials: they are not read', async () => {
      const { pem } = gateway.parties.issuing.certificate
      const told = await report({
        ...named('selfSigned'),
        headers: {
          ...{ accept: 'application/json', authorization: 'Basic YWNtZS1rZXk6eA==' },
          'x-forwarded-client-cert': `Hash=00;Chain="${encodeURIComponent(pem)}"`,
        },
      })
      expect(told.code).to.equal('cert_chain_untrusted')
    })
  })

  it('is told what it nearly is, where the registered issuer proves it', async () => {
    expect((await report(named('fintechReissued'))).near_misses.map(({ kind }) => kind)).to.deep.equal(['reissued'])
    const renewed = gateway.parties.issue({ commonName: 'acme.example' })
    expect((await report({ certificate: renewed })).near_misses.map(({ kind }) => kind)).to.include('other_serial')
  })

  it('reaches no API, whichever it asks for', async () => {
    const before = gateway.upstreamRequests
    for (const path of ['/v1/data', '/v1/callback', '/', '//', '/?x=1', '*'])
      expect((await answer({ ...named('acme'), path })).status, path).to.be.oneOf([200, 400, 404])
    const misdirected = await answer({ ...named('acme'), host: 'api.example.com', path: '/v1/data' })
    expect(misdirected.status).to.equal(421)
    expect(JSON.parse(misdirected.body)).to.include({
      code: 'wrong_hostname',
      detail: 'This API is served on try.example.com.',
    })
    expect(gateway.upstreamRequests).to.equal(before)
  })

  it('is no way to an API over a connection of this hostname, nor is a connection to an API one to it', async () => {
    const away = await gateway.call({
      ...named('acme'),
      sni: 'api.example.com',
      host: 'try.example.com',
      path: '/v1/data',
    })
    expect(away.kind === 'http' && away.status).to.equal(421)
  })

  // Last of all: afterwards this source has to wait.
  describe('too often', () => {
    it('is refused, with the seconds to wait, and APIs are not concerned', async () => {
      let last = await answer({})
      for (let tries = 0; last.status === 200 && tries < 40; tries++) last = await answer({})
      expect(last.status).to.equal(429)
      const { code, detail } = JSON.parse(last.body) as { code: string; detail: string }
      const seconds = Number(last.headers['retry-after'])
      expect(code).to.equal('too_many_requests')
      expect(seconds).to.be.within(1, 2)
      expect(detail).to.equal(`Too many requests. Try again after ${seconds} second${seconds === 1 ? '' : 's'}.`)
      const { acme } = gateway.parties.certificates
      const api = await gateway.call({ sni: 'api.example.com', path: '/v1/data', certificate: acme })
      expect(api.kind === 'http' && api.status).to.equal(200)
    })
  })
})
