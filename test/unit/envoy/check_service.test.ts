import { expect } from 'chai'
import { type CheckServiceOptions, checkService } from '../../../src/envoy/check_service.ts'
import type { CheckResponse__Output } from '../../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import type { DecisionRecord } from '../../../src/ops/decision_record.ts'
import { type CheckAttributes, checkRequest, responseIn } from '../../support/check_request.ts'
import {
  certificate,
  devApp,
  good,
  hostnames,
  nobodyLocked,
  nothingToTry,
  now,
  policy,
  registered,
} from '../../support/evidence.ts'

const rules = {
  hostnames,
  shadowUntil: undefined,
  policies: new Map([
    ['data', policy()],
    ['merchant', policy({ name: 'merchant', channel: 'tls', require: new Set(['basic']) })],
    ['rollout', policy({ name: 'rollout', product: 'new', shadow: true })],
  ]),
}

function service(changes: Partial<CheckServiceOptions['ports']> = {}, deadlineMs = 1_000) {
  const records: DecisionRecord[] = []
  const check = checkService({
    settings: () => ({ ...rules, deadlineMs, typeBase: 'urn:' }),
    ports: {
      registry: {
        snapshot: () => ({
          bindingOf: () => ({ status: 'registered', certificate: registered(), owners: [devApp()] }),
          byClientKey: () => undefined,
        }),
      },
      secrets: { verify: () => false },
      revocation: { statusOf: () => good },
      qtsps: { accepts: () => true },
      withdrawals: { rolesOf: () => new Set() },
      trials: nothingToTry,
      attempts: nobodyLocked,
      clock: () => now,
      ...changes,
    },
    certificates: {
      read: (encoded) => (encoded === '' ? { status: 'absent' } : { status: 'presented', certificate: certificate() }),
    },
    onDecision: (record) => records.push(record),
  })
  const ask = (sent: CheckAttributes): Promise<CheckResponse__Output> =>
    new Promise((resolve, reject) => {
      check({ request: checkRequest(sent) }, (error, response) =>
        error ? reject(error) : resolve(responseIn(response)),
      )
    })
  return { ask, records }
}

const codeOf = (response: CheckResponse__Output): string =>
  response.ok_response ? 'allow' : JSON.parse(response.denied_response?.body ?? '{}').code

const sent: CheckAttributes = { policy: 'data', certificate: 'x', headers: { 'x-request-id': 'r-1' } }

describe('Check', () => {
  it('records one line a decision, with what it rests on', async () => {
    const { ask, records } = service()
    expect(codeOf(await ask(sent))).to.equal('allow')
    expect(records).to.have.length(1)
    expect(records[0]).to.include({
      code: 'allow',
      policy: 'data',
      devapp: 'acme',
      serial: '0a01',
      request_id: 'r-1',
      revocation: 'good',
      tier: 'memory',
    })
    expect(records[0]?.ms).to.be.a('number')
  })

  it('records whose certificate was likely renewed by one that nobody attached, and tells the caller nothing of it', async () => {
    const owners = [devApp(), devApp({ id: 'beta' })]
    const binding = { status: 'unregistered', likelyRenewalOf: { certificate: registered(), owners } } as const
    const snapshot = () => ({ bindingOf: () => binding, byClientKey: () => undefined })
    const { ask, records } = service({ registry: { snapshot } })
    const response = await ask(sent)
    expect(codeOf(response)).to.equal('cert_not_registered')
    expect(JSON.stringify(response)).not.to.match(/acme|beta|renew/)
    expect(records[0]).to.include({ likely_renewal: 'acme, beta', devapp: undefined })
  })

  it('records the refusal that shadow mode does not enforce, with its detail', async () => {
    const { ask, records } = service({ qtsps: { accepts: () => false } })
    expect(codeOf(await ask({ ...sent, policy: 'rollout' }))).to.equal('allow')
    expect(records[0]).to.include({ code: 'product_not_selected', shadow: true, policy: 'rollout', devapp: 'acme' })
    expect(records[0]?.waived).to.equal(undefined)
  })

  it('enforces in shadow mode what goes wrong inside, and what takes too long', async () => {
    const rollout = { ...sent, policy: 'rollout' }
    const failing = service({ revocation: { statusOf: () => Promise.reject(new Error('later')) } })
    expect(codeOf(await failing.ask(rollout))).to.equal('internal_error')
    const stalling = service({ revocation: { statusOf: () => new Promise(() => {}) } }, 20)
    expect(codeOf(await stalling.ask(rollout))).to.equal('deadline_exceeded')
    expect(stalling.records[0]).to.include({ code: 'deadline_exceeded', shadow: undefined })
  })

  it('denies what goes wrong inside, and keeps the reason for the log', async () => {
    const broken = {
      statusOf: () => {
        throw new Error('a wire came loose')
      },
    }
    const { ask, records } = service({ revocation: broken })
    const response = await ask(sent)
    expect(codeOf(response)).to.equal('internal_error')
    expect(JSON.stringify(response)).not.to.include('a wire came loose')
    expect(records[0]?.detail).to.include('a wire came loose')
  })

  it('denies what goes wrong later', async () => {
    const { ask } = service({ revocation: { statusOf: () => Promise.reject(new Error('later')) } })
    expect(codeOf(await ask(sent))).to.equal('internal_error')
  })

  it('denies what takes longer than the deadline', async () => {
    const { ask } = service({ revocation: { statusOf: () => new Promise(() => {}) } }, 20)
    expect(codeOf(await ask(sent))).to.equal('deadline_exceeded')
  })

  it('records nothing of the credentials', async () => {
    const { ask, records } = service()
    const authorization = `Basic ${Buffer.from('acme:s3cret-value').toString('base64')}`
    const onTls = { sni: 'api2.example.com', host: 'api2.example.com', policy: 'merchant' }
    expect(codeOf(await ask({ ...onTls, headers: { authorization } }))).to.equal('basic_invalid')
    expect(codeOf(await ask({ ...onTls, headers: { authorization: `${authorization},${authorization}` } }))).to.equal(
      'basic_malformed',
    )
    const told = JSON.stringify(records)
    expect(told).not.to.include('s3cret-value')
    expect(told).not.to.include(authorization.slice(6))
  })
})
