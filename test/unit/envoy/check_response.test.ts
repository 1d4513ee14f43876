import { expect } from 'chai'
import { type Allow, type Decision, type Deny, deny, type Shadowed } from '../../../src/domain/decision.ts'
import { denials } from '../../../src/domain/denials.ts'
import { checkResponse } from '../../../src/envoy/check_response.ts'
import { identityHeaders, upstreamHeaders } from '../../../src/envoy/identity_headers.ts'
import { certificate, devApp, now, policy, qwac } from '../../support/evidence.ts'

const answering = {
  ...{ requestId: 'r-1', policy: policy(), devApp: 'acme', typeBase: 'https://docs.example/denials#' },
  ...{ apiHostname: 'api.example.com', wantsJson: false },
}

function passingHeaders(decision: Allow | Shadowed, changes: Parameters<typeof policy>[0] = {}) {
  const response = checkResponse(decision, { ...answering, policy: policy(changes) }).ok_response
  return {
    set: Object.fromEntries((response?.headers ?? []).map(({ header }) => [header?.key, header?.value])),
    removed: response?.headers_to_remove ?? [],
    actions: new Set((response?.headers ?? []).map(({ append_action }) => append_action)),
  }
}

function denied(decision: Deny, changes: Parameters<typeof policy>[0] = {}) {
  const response = checkResponse(decision, { ...answering, policy: policy(changes) }).denied_response
  return {
    status: response?.status?.code,
    headers: Object.fromEntries((response?.headers ?? []).map(({ header }) => [header?.key, header?.value])),
    body: JSON.parse(response?.body ?? ''),
  }
}

describe('an allowed request', () => {
  const leaf = certificate({ organizationIdentifier: 'PSDFI-FINFSA-2858394-9', qcStatements: qwac() })

  it('carries the whole identity of a QWAC, each header overwritten', () => {
    const { set, removed, actions } = passingHeaders({
      kind: 'allow',
      devApp: devApp(),
      certificate: leaf,
      psd2Roles: ['PSP_AI'],
    })
    expect(set).to.deep.equal({
      'x-devapp-id': 'acme',
      'x-client-cert-serial': '0a01',
      'x-client-cert-cn': 'acme',
      'x-client-cert-sha256': 'aa'.repeat(32),
      'x-tpp-id': 'PSDFI-FINFSA-2858394-9',
      'x-tpp-roles': 'PSP_AI',
      'x-tpp-nca': 'FI-FINFSA',
    })
    expect(removed).to.deep.equal(['x-devapp-authz-shadow'])
    expect([...actions]).to.deep.equal(['OVERWRITE_IF_EXISTS_OR_ADD'])
  })

  it('has every header of the service either set or removed, and none in both lists', () => {
    for (const decision of [
      { kind: 'allow', devApp: undefined, certificate: undefined, psd2Roles: [] },
      { kind: 'allow', devApp: devApp(), certificate: undefined, psd2Roles: [] },
      { kind: 'allow', devApp: devApp(), certificate: certificate(), psd2Roles: [] },
    ] as const) {
      const { set, removed } = passingHeaders(decision)
      expect([...Object.keys(set), ...removed].sort()).to.deep.equal([...upstreamHeaders].sort())
    }
  })

  it('loses the credentials of Basic, unless the policy keeps them', () => {
    const decision = { kind: 'allow', devApp: devApp(), certificate: undefined, psd2Roles: [] } as const
    expect(passingHeaders(decision, { require: new Set(['basic']) }).removed).to.include('authorization')
    expect(passingHeaders(decision, { require: new Set(['basic']), keepAuthorization: true }).removed).not.to.include(
      'authorization',
    )
    expect(passingHeaders(decision).removed, 'a Bearer token passes').not.to.include('authorization')
  })

  it('has no name that could end or split a header', () => {
    const odd = certificate({ commonNames: ['Müller\r\nx-devapp-id: root\0 100%'] })
    const { set } = passingHeaders({ kind: 'allow', devApp: devApp(), certificate: odd, psd2Roles: [] })
    expect(set['x-client-cert-cn']).to.equal('M%C3%BCller%0D%0Ax-devapp-id: root%00 100%25')
  })
})

describe('a refusal in shadow mode', () => {
  const decision = {
    kind: 'shadowed',
    denial: deny('psd2_role_missing', { roles: 'PSP_PI', detail: 'held=none' }),
  } as const

  it('passes with its code and without any identity header', () => {
    const { set, removed, actions } = passingHeaders(decision)
    expect(set).to.deep.equal({ 'x-devapp-authz-shadow': 'psd2_role_missing' })
    expect(removed).to.deep.equal([...identityHeaders])
    expect([...actions]).to.deep.equal(['OVERWRITE_IF_EXISTS_OR_ADD'])
  })

  it('loses the credentials of Basic, unless the policy keeps them', () => {
    const basic = { require: new Set(['basic'] as const) }
    expect(passingHeaders(decision, basic).removed).to.deep.equal([...identityHeaders, 'authorization'])
    expect(passingHeaders(decision, { ...basic, keepAuthorization: true }).removed).to.deep.equal([...identityHeaders])
  })

  it("tells the caller nothing, and Envoy's access log that it was not enforced", () => {
    const response = checkResponse(decision, answering)
    expect(response).to.have.all.keys('status', 'ok_response', 'dynamic_metadata')
    expect(response.ok_response).to.have.all.keys('headers', 'headers_to_remove')
    expect(response.dynamic_metadata?.fields).to.deep.include({
      code: { stringValue: 'psd2_role_missing' },
      shadow: { boolValue: true },
    })
  })
})

describe('a refusal', () => {
  it('is a problem that names its code, and is not stored', () => {
    const answer = denied(deny('wrong_hostname', { hostname: 'api.example.com', detail: 'sni=other.example' }))
    expect(answer).to.deep.equal({
      status: 421,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store' },
      body: {
        type: 'https://docs.example/denials#wrong_hostname',
        title: 'Wrong hostname',
        status: 421,
        detail: 'This API is served on api.example.com.',
        code: 'wrong_hostname',
        request_id: 'r-1',
      },
    })
  })

  it("keeps the log's detail from the caller", () => {
    const response = checkResponse(deny('internal_error', { detail: 'secret place' }), answering)
    expect(JSON.stringify(response)).not.to.include('secret place')
  })

  it('asks for Basic where Basic is wanted', () => {
    for (const code of ['basic_missing', 'basic_malformed', 'basic_invalid'] as const)
      expect(denied(deny(code)).headers).to.include({ 'www-authenticate': 'Basic realm="DevApp", charset="UTF-8"' })
    expect(denied(deny('cert_missing')).headers).not.to.have.property('www-authenticate')
  })

  it('says when to try again, where that helps', () => {
    expect(denied(deny('revocation_unavailable')).headers).to.include({ 'retry-after': '5' })
    expect(denied(deny('cert_revoked')).headers).not.to.have.property('retry-after')
  })

  it('takes the Berlin Group form where the policy says so', () => {
    const answer = denied(deny('cert_revoked'), { answer: 'berlin_group' })
    expect(answer.headers).to.include({ 'content-type': 'application/json' })
    expect(answer.body).to.deep.equal({
      tppMessages: [
        {
          category: 'ERROR',
          code: 'CERTIFICATE_REVOKED',
          text: 'The client certificate has been revoked by its issuer.',
        },
      ],
      code: 'cert_revoked',
      request_id: 'r-1',
    })
  })

  it('stays a problem where the Berlin Group has no word for it', () => {
    expect(denied(deny('basic_invalid'), { answer: 'berlin_group' }).body).to.include({
      code: 'basic_invalid',
      status: 401,
    })
  })

  it('names the seconds to wait where they are known, and few where they are not', () => {
    const retryAfter = (decision: Decision): string | undefined =>
      checkResponse(decision, answering)
        .denied_response?.headers?.map(({ header }) => header)
        .find((header) => header?.key === 'retry-after')
        ?.value?.toString()
    const tooMany = deny('too_many_requests', { retryAfter: '17 seconds' })
    expect(retryAfter({ ...tooMany, retryAfterSeconds: 17 })).to.equal('17')
    expect(retryAfter(deny('revocation_unavailable'))).to.equal('5')
    expect(retryAfter(deny('cert_revoked'))).to.equal(undefined)
  })

  it('answers who tries a certificate by itself, with 200, in the form that is asked for', () => {
    const tried: Decision = {
      ...{ kind: 'tried', at: now, denial: deny('cert_missing'), certificate: undefined, chain: undefined },
      ...{ steps: [], devApps: [], policies: [], nearMisses: [] },
    }
    for (const [wantsJson, type] of [
      [true, 'application/json'],
      [false, 'text/plain; charset=utf-8'],
    ] as const) {
      const { ok_response, denied_response, status } = checkResponse(tried, { ...answering, wantsJson })
      expect([ok_response, status?.code, denied_response?.status?.code]).to.deep.equal([undefined, 7, 200])
      const headers = (denied_response?.headers ?? []).map(({ header }) => [header?.key, header?.value])
      expect(Object.fromEntries(headers)).to.deep.equal({
        ...{ 'content-type': type, 'cache-control': 'no-store', vary: 'accept', 'x-content-type-options': 'nosniff' },
      })
      expect(denied_response?.body).to.include('cert_missing')
    }
  })

  it('tells Envoy code, policy and DevApp for its access log', () => {
    const { dynamic_metadata } = checkResponse(deny('cert_revoked'), answering)
    expect(dynamic_metadata).to.deep.equal({
      fields: {
        code: { stringValue: 'cert_revoked' },
        policy: { stringValue: 'data' },
        devapp: { stringValue: 'acme' },
        shadow: { boolValue: false },
      },
    })
  })

  describe('of every code', () => {
    type Code = keyof typeof denials
    /** The values are of the shape that every sentence takes one from. */
    const refusalOf = (code: Code): Deny =>
      deny(code as 'wrong_hostname', { ...values, detail: 'for the log alone' } as { hostname: string })
    const values = {
      hostname: 'api.example.com',
      ...{ notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2026-01-01T00:00:00.000Z' },
      ...{ roles: 'PSP_AI', product: 'data', header: 'x-client-key' },
    }
    const codes = Object.keys(denials) as Code[]

    it('is a problem with code, title, status, request_id and a type under the configured base', () => {
      for (const code of codes) {
        const { title, status } = denials[code]
        const { headers, body, status: sent } = denied(refusalOf(code))
        expect(headers, code).to.include({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
        expect(body).to.deep.equal({
          ...{ type: `https://docs.example/denials#${code}`, title, status, code, request_id: 'r-1' },
          detail: refusalOf(code).told,
        })
        expect(sent).to.equal(status)
      }
    })

    it('is an ERROR with code and text where the policy asks for tppMessages, and otherwise the problem', () => {
      for (const code of codes) {
        const { berlinGroup } = denials[code]
        const { headers, body } = denied(refusalOf(code), { answer: 'berlin_group' })
        expect(headers).to.include({ 'cache-control': 'no-store' })
        if (berlinGroup === undefined) expect(body, code).to.include({ code, status: denials[code].status })
        else {
          const text = refusalOf(code).told
          expect(body.tppMessages, code).to.deep.equal([{ category: 'ERROR', code: berlinGroup, text }])
        }
      }
    })

    it('says when to try again on 429 and 503, and on nothing else', () => {
      for (const code of codes) {
        const { headers, status } = denied(refusalOf(code))
        expect('retry-after' in headers, code).to.equal(status === 429 || status === 503)
      }
    })

    it('asks for Basic where Basic was missing, unreadable or wrong, and nowhere else', () => {
      const challenged = codes.filter((code) => 'www-authenticate' in denied(refusalOf(code)).headers)
      expect(challenged).to.have.members(['basic_missing', 'basic_malformed', 'basic_invalid'])
    })

    it('has a sentence with nothing left to fill in, and nothing of what the log alone is told', () => {
      for (const code of codes) {
        const { body } = denied(refusalOf(code))
        expect(body.detail, code)
          .to.match(/^[A-Z].*\.$/)
          .and.not.match(/[{}<>]|undefined/)
        expect(JSON.stringify(body)).not.to.contain('for the log alone')
      }
    })
  })

  it('has a status that Envoy can send, for every code', () => {
    for (const [code, { status }] of Object.entries(denials)) expect(status, code).to.be.within(400, 599)
  })
})
