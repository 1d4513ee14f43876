import { expect } from 'chai'
import type { RevocationEntry } from '../../../src/revocation/control.ts'
import type { RevocationOptions } from '../../../src/revocation/options.ts'
import type { OcspRevocation } from '../../../src/revocation/revocation.ts'
import { answering, inTurn, status, TestResponder } from '../../support/test_responder.ts'
import {
  defaults,
  eventually,
  inMinutes,
  minuteMs,
  openProcess,
  type Registered,
  register,
  responseFor,
  TestClock,
} from './fixture.ts'

describe('what operators see and do', () => {
  let responder: TestResponder
  let clock: TestClock
  let revocation: OcspRevocation
  const open = (changes: Partial<RevocationOptions> = {}): void => {
    revocation = openProcess(clock, changes, { ownersOf: () => ['acme', 'beta'] })
  }
  const answer = async (registered: Registered, der: Buffer): Promise<void> => {
    responder.behaviour = answering(der)
    await revocation.refresh(registered.certificate)
  }
  const entries = (): readonly RevocationEntry[] => revocation.control.entries(clock.now)

  beforeEach(async () => {
    clock = new TestClock()
    responder = await TestResponder.start()
    open()
  })
  afterEach(async () => {
    await revocation.close()
    await responder.stop()
  })

  it('shows every certificate with its owners, its answer and when that is refreshed', async () => {
    const registered = register({ commonName: 'acme', ocspUrls: [responder.url] })
    const response = responseFor(registered)
    responder.behaviour = answering(response)
    revocation.refresher.register([registered.certificate])
    await eventually(() => entries()[0]?.status === 'good' && entries()[0]?.nextRefresh !== undefined)
    const { leaf, chain } = registered.certificate
    expect(entries()).to.deep.equal([
      {
        ...{ sha256: leaf.sha256, serialNumber: leaf.serialNumber, commonName: 'acme', devApps: ['acme', 'beta'] },
        ...{ issuer: chain[0].subject, issuerSha256: chain[0].sha256, status: 'good', source: 'ocsp' },
        ...{ thisUpdate: inMinutes(-60), nextUpdate: inMinutes(23 * 60), usableUntil: inMinutes(23 * 60) },
        ...{ nextRefresh: inMinutes(11 * 60), responder: responder.url, lastError: undefined },
      },
    ])
    const found = revocation.control.get(leaf.sha256, clock.now)
    expect(Buffer.from(found?.der ?? [])).to.deep.equal(response)
    expect(found?.entry).to.deep.equal(entries()[0])
    expect(revocation.control.get('00', clock.now)).to.equal(undefined)
  })

  it('shows the most urgent first: without an answer, then those that end first, then those without a source', async () => {
    const ocspUrls = [responder.url]
    const named = ['pending', 'revoked', 'good', 'failed'].map((commonName) => register({ commonName, ocspUrls }))
    const [, revoked, good, failed] = named
    const nowhere = register({ commonName: 'nowhere', ocspUrls: [] })
    await answer(good!, responseFor(good!))
    await answer(revoked!, responseFor(revoked!, { status: 'revoked' }))
    responder.behaviour = status(500)
    await revocation.refresh(failed!.certificate)
    revocation.refresher.register([nowhere, ...named].map(({ certificate }) => certificate))
    expect(entries().map(({ commonName, status }) => `${commonName} ${status}`)).to.deep.equal([
      'failed unavailable',
      'pending pending',
      'revoked revoked',
      'good good',
      'nowhere no_source',
    ])
    expect(entries()[0]?.lastError).to.deep.equal({
      at: clock.now,
      cause: `127.0.0.1:${responder.port}: http_server_error HTTP 500`,
    })
  })

  it('shows as unavailable what may not be asked, or may no longer be used', async () => {
    open({ allowedHosts: new Set(['ocsp.example.com']) })
    const registered = register({ ocspUrls: [responder.url] })
    revocation.refresher.register([registered.certificate])
    expect(entries()[0]?.status).to.equal('unavailable')
    expect(entries()[0]?.lastError?.cause).to.equal(`not_permitted 127.0.0.1:${responder.port}`)
  })

  it('shows the CAs that are asked about too', async () => {
    open({ check: 'chain' })
    const registered = register({ ocspUrls: [responder.url] })
    revocation.refresher.register([registered.certificate])
    const shown = entries().map(({ sha256, status }) => [sha256, status])
    expect(shown).to.have.deep.members([
      [registered.certificate.leaf.sha256, 'pending'],
      [registered.certificate.chain[0].sha256, 'no_source'],
    ])
  })

  it('forgets what it is told to, and asks anew', async () => {
    const registered = register({ ocspUrls: [responder.url] })
    const revoked = responseFor(registered, { status: 'revoked' })
    // The CA takes its mistake back in an answer that is older.
    const mended = responseFor(registered, { thisUpdate: inMinutes(-90) })
    responder.behaviour = inTurn(answering(revoked), answering(mended))
    revocation.refresher.register([registered.certificate])
    await eventually(() => entries()[0]?.status === 'revoked')
    expect(await revocation.control.purge({ kind: 'certificate', sha256: '00' })).to.deep.equal({
      ...{ certificates: 0, fleet: true },
    })
    expect(entries()[0]?.status).to.equal('revoked')
    const { sha256 } = registered.certificate.leaf
    expect(await revocation.control.purge({ kind: 'certificate', sha256 })).to.deep.equal({
      ...{ certificates: 1, fleet: true },
    })
    await eventually(() => entries()[0]?.status === 'good')
  })

  it('asks about all of them when it is warmed, tells how far it is, and counts what failed', async () => {
    const many = Array.from({ length: 5 }, () => register({ ocspUrls: [responder.url] }))
    const [first] = many
    responder.behaviour = answering(responseFor(first!))
    open({ refresh: { ...defaults.refresh, retryMs: 60 * minuteMs, maxRetryMs: 60 * minuteMs } })
    revocation.refresher.register(many.map(({ certificate }) => certificate))
    await eventually(() => responder.requests.length === 5)
    const told: number[] = []
    const outcome = await revocation.control.warm(({ asked, of }) => {
      expect(of).to.equal(5)
      told.push(asked)
    })
    expect(outcome).to.deep.equal({ asked: 5, answered: 1, failed: 4 })
    expect(told).to.have.length(5)
    expect(responder.requests).to.have.length(10)
  })
})
