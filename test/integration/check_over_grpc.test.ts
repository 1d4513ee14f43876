import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { checkService } from '../../src/envoy/check_service.ts'
import { authorizationService } from '../../src/envoy/protos.ts'
import { type RunningServer, startServer } from '../../src/envoy/server.ts'
import type { DecisionRecord } from '../../src/ops/decision_record.ts'
import { CheckClient } from '../support/check_client.ts'
import { type CheckAttributes, checkRequest, ofStrangers } from '../support/check_request.ts'
import { good, hostnames, nobodyLocked, nothingToTry, now, policy } from '../support/evidence.ts'
import { Authority } from '../support/pki.ts'
import { servingTruststore } from '../support/serving_truststore.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const { Check } = authorizationService
const leaf = Authority.root().issue({ commonName: 'acme' })
const pem = encodeURIComponent(leaf.pem)

describe('Check over gRPC', () => {
  const folder = temporaryFolder('grpc')
  const socket = join(folder.path, 'authz.sock')
  const records: DecisionRecord[] = []
  let server: RunningServer
  let client: CheckClient

  before(async () => {
    // What a crash leaves behind is no obstacle.
    const crash = `require('net').createServer().listen('${socket}', () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', crash])
    expect(statSync(socket).isSocket()).to.equal(true)
    const check = checkService({
      settings: () => ({
        ...{ deadlineMs: 1_000, typeBase: 'urn:' },
        hostnames,
        shadowUntil: undefined,
        policies: new Map([
          ['data', policy()],
          ['merchant', policy({ name: 'merchant', channel: 'tls', require: new Set(['basic']) })],
        ]),
      }),
      ports: {
        registry: { snapshot: () => ({ bindingOf: () => ({ status: 'unregistered' }), byClientKey: () => undefined }) },
        secrets: { verify: () => false },
        revocation: { statusOf: () => good },
        qtsps: { accepts: () => false },
        withdrawals: { rolesOf: () => new Set() },
        trials: nothingToTry,
        attempts: nobodyLocked,
        clock: () => now,
      },
      certificates: ofStrangers,
      onDecision: (record) => records.push(record),
    })
    server = await startServer(`unix:${socket}`, { check, sds: servingTruststore().sds })
    client = new CheckClient(`unix:${socket}`)
  })
  after(async () => {
    client.close()
    await server.stop(1_000)
    folder.remove()
  })

  const ask = (sent: CheckAttributes): Promise<string> => client.ask(sent)

  const certificates: [string, string, string][] = [
    ['none', '', 'cert_missing'],
    ['one that nobody registered', pem, 'cert_not_registered'],
    ['one that is not PEM', 'hello', 'cert_malformed'],
    ['two certificates', pem + pem, 'cert_malformed'],
    ['a megabyte of one', pem.repeat(1_000).slice(0, 1_000_000), 'cert_malformed'],
    ['NULs', `${pem}%00`, 'cert_malformed'],
    ['a private key', encodeURIComponent(leaf.privateKeyPem), 'cert_malformed'],
  ]
  for (const [title, certificate, code] of certificates) {
    it(`answers ${title} with ${code}`, async () => {
      expect(await ask({ policy: 'data', certificate })).to.equal(code)
    })
  }

  const basic = (text: string): string => `Basic ${Buffer.from(text, 'latin1').toString('base64')}`
  const authorizations: [string, string, string][] = [
    ['bad base64', 'Basic !!!', 'basic_malformed'],
    ['a missing colon', basic('acme'), 'basic_malformed'],
    ['an empty key', basic(':secret'), 'basic_malformed'],
    ['a colon in the secret', basic('acme:a:b'), 'basic_invalid'],
    ['a NUL', basic('ac\0me:secret'), 'basic_malformed'],
    ['no UTF-8', basic('acme:\xff\xfe'), 'basic_malformed'],
    ['two values', `${basic('acme:secret')},${basic('acme:secret')}`, 'basic_malformed'],
    ['a megabyte', basic(`acme:${'x'.repeat(700_000)}`), 'basic_invalid'],
  ]
  for (const [title, authorization, code] of authorizations) {
    it(`answers Basic with ${title} with ${code}`, async () => {
      const onTls = { policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com' }
      expect(await ask({ ...onTls, headers: { authorization } })).to.equal(code)
    })
  }

  it('answers a request without attributes, and one of no bytes', async () => {
    expect(await client.send(Check.requestSerialize({ attributes: null }))).to.equal('request_malformed')
    expect(await client.send(Buffer.alloc(0))).to.equal('request_malformed')
  })

  it('answers header values that are not UTF-8', async () => {
    const bytes = Check.requestSerialize(checkRequest({ policy: 'data', headers: { 'x-client-key': 'QQQQ' } }))
    bytes.fill(0xff, bytes.indexOf('QQQQ'), bytes.indexOf('QQQQ') + 4)
    expect(await client.send(bytes)).to.equal('cert_missing')
  })

  it('keeps strangers from the socket', () => {
    expect(statSync(socket).mode & 0o777).to.equal(0o660)
  })

  it('does not take a socket that is in use', async () => {
    const failure = await startServer(`unix:${socket}`, {} as never).then(
      () => undefined,
      (error: Error) => error.message,
    )
    expect(failure).to.include('is in use')
    expect(await ask({ policy: 'data' })).to.equal('cert_missing')
  })

  it('records each decision, and nothing of the credentials', async () => {
    records.length = 0
    const authorization = basic('acme:a secret')
    await ask({ policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com', headers: { authorization } })
    await ask({ policy: 'data', certificate: encodeURIComponent(leaf.privateKeyPem), headers: { authorization } })
    expect(records.map(({ code }) => code)).to.deep.equal(['basic_invalid', 'cert_malformed'])
    const told = JSON.stringify(records)
    for (const part of ['a secret', authorization.slice(6), leaf.privateKeyPem.slice(40, 80)])
      expect(told).not.to.include(part)
  })
})
