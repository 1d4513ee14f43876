import { expect } from 'chai'
import type { RevocationStatus } from '../../src/domain/evidence.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import type { RevocationOptions } from '../../src/revocation/options.ts'
import { ResponderClient } from '../../src/revocation/responder.ts'
import type { OcspRevocation } from '../../src/revocation/revocation.ts'
import { issueDelegate, type OcspResponseOptions, ocspError, ocspResponse } from '../support/ocsp.ts'
import { Authority, fixedNow } from '../support/pki.ts'
import {
  answering,
  type Behaviour,
  endless,
  hangingUp,
  html,
  inTurn,
  redirecting,
  silent,
  slowly,
  stalling,
  status,
  TestResponder,
} from '../support/test_responder.ts'
import {
  authority,
  defaults,
  inMinutes,
  minuteMs,
  openProcess,
  type Registered,
  register,
  responseFor,
  root,
  stranger,
  TestClock,
} from '../unit/revocation/fixture.ts'

describe('revocation', () => {
  let responder: TestResponder
  let registered: Registered
  let clock: TestClock
  const opened: OcspRevocation[] = []
  const processOf = (changes: Partial<RevocationOptions> = {}, parts = {}) => {
    const revocation = openProcess(clock, changes, parts)
    opened.push(revocation)
    return revocation
  }

  beforeEach(async () => {
    clock = new TestClock()
    responder = await TestResponder.start()
    registered = register({ ocspUrls: [responder.url] })
    responder.behaviour = answering(responseFor(registered))
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((revocation) => revocation.close()))
    await responder.stop()
  })

  const ask = (revocation: OcspRevocation): RevocationStatus | Promise<RevocationStatus> =>
    revocation.statusOf(registered.certificate, clock.now)

  describe('a certificate that is asked about for the first time', () => {
    it('gets what the responder says, and from then on the same from memory, at once', async () => {
      const revocation = processOf()
      const found = { source: 'ocsp', thisUpdate: inMinutes(-60), usableUntil: inMinutes(23 * 60) }
      expect(await ask(revocation)).to.deep.equal({ status: 'good', tier: 'responder', ...found })
      expect(ask(revocation)).to.deep.equal({ status: 'good', tier: 'memory', ...found })
      expect(responder.requests).to.have.length(1)
      expect(revocation.statistics).to.deep.include({ memory: { hits: 1, misses: 1 }, waits: 1, late: 0 })
    })

    it('is revoked where the issuer says so, with its reason and time', async () => {
      responder.behaviour = answering(responseFor(registered, { status: 'revoked', reason: 'keyCompromise' }))
      expect(await ask(processOf())).to.deep.include({
        ...{ status: 'revoked', reason: 'keyCompromise', revokedAt: inMinutes(-120) },
        usableUntil: inMinutes(60),
      })
    })

    it('is unknown where the issuer does not know it', async () => {
      responder.behaviour = answering(responseFor(registered, { status: 'unknown' }))
      expect(await ask(processOf())).to.deep.include({ status: 'unknown', usableUntil: inMinutes(10) })
    })

    it('costs one request, however many ask at once', async () => {
      responder.behaviour = slowly(50, responder.behaviour)
      const revocation = processOf()
      const statuses = await Promise.all(Array.from({ length: 200 }, () => ask(revocation)))
      expect(statuses.map(({ status }) => status)).to.deep.equal(Array(200).fill('good'))
      expect(responder.requests).to.have.length(1)
      expect(revocation.statistics).to.deep.include({ waits: 200 })
      expect(revocation.statistics.responder).to.include({ inquiries: 1, answered: 1 })
    })

    it('is not mistaken for another one of the same serial number', async () => {
      const revocation = processOf()
      await ask(revocation)
      const other = root.issueAuthority({ commonName: 'Another CA' })
      const namesake = register({ serialNumber: registered.issued.serialNumber, ocspUrls: [responder.url] }, other)
      const status = await revocation.statusOf(namesake.certificate, clock.now)
      expect(status).to.include({ status: 'unavailable', lastRevoked: false })
      expect(revocation.rejected.map(({ code }) => code)).to.deep.equal(['cert_id_mismatch'])
    })
  })

  describe('a responder that gives no good answer', () => {
    const delegate = issueDelegate(authority)
    const bad: [string, (registered: Registered) => Behaviour, RegExp][] = [
      ['is silent', () => silent, /^no answer within 400 ms$/],
      ['stalls', () => stalling, /^no answer within 400 ms$/],
      ['answers without end', () => endless, /too_large/],
      ['sends HTML', () => html, /content_type text\/html/],
      ['fails with a good answer as its body', (of) => status(500, responseFor(of)), /http_server_error HTTP 500/],
      ['redirects', () => redirecting('http://127.0.0.1:9/'), /redirected HTTP 302/],
      ['hangs up', () => hangingUp, /connection_lost/],
      ['sends rubbish', () => answering(Buffer.from('rubbish')), /malformed/],
      ['says try later', () => answering(ocspError('tryLater')), /not_successful tryLater/],
      ['says try later beside a good answer', (of) => answering(responseFor(of, { responseStatus: 3 })), /tryLater/],
      ['answers for another certificate', () => answering(responseFor(register())), /cert_id_mismatch/],
      ['signs with a key of nobody', (of) => answering(responseFor(of, { signature: 'forged' })), /signature_invalid/],
      [
        'is of another CA',
        (of) => answering(responseFor(of, { responder: stranger.certificate })),
        /responder_not_authorized/,
      ],
      [
        'has its certificate from an ancestor',
        (of) => answering(responseFor(of, { responder: issueDelegate(root) })),
        /responder_not_authorized/,
      ],
      [
        'has an expired certificate',
        (of) => answering(responseFor(of, { responder: issueDelegate(authority, { notAfter: inMinutes(-1) }) })),
        /responder_expired/,
      ],
      [
        'signs over SHA-1',
        (of) => answering(responseFor(of, { responder: delegate, signature: 'sha1' })),
        /signature_sha1/,
      ],
      ['repeats what has expired', (of) => answering(responseFor(of, { nextUpdate: inMinutes(-1) })), /expired/],
      ['answers of the future', (of) => answering(responseFor(of, { thisUpdate: inMinutes(1) })), /not_yet_valid/],
    ]
    for (const [what, behaviour, cause] of bad) {
      it(`${what}: the status is unavailable, within the deadline`, async () => {
        responder.behaviour = behaviour(registered)
        const revocation = processOf({ fetchTimeoutMs: 600 })
        const started = performance.now()
        const found = await ask(revocation)
        expect(found).to.include({ status: 'unavailable', lastRevoked: false })
        expect(found).to.have.property('cause').that.matches(cause)
        expect(performance.now() - started).to.be.below(2 * defaults.timeoutMs)
      })
    }

    it('is not asked again for a moment, whatever is asked of us', async () => {
      responder.behaviour = status(500)
      const revocation = processOf()
      for (let i = 0; i < 10; i++) expect(await ask(revocation)).to.include({ status: 'unavailable' })
      expect(responder.requests).to.have.length(1)
      responder.behaviour = answering(responseFor(registered))
      clock.advance(defaults.retention.failureMs)
      expect(await ask(revocation)).to.include({ status: 'good' })
    })

    it('is left alone by other certificates too, once its breaker is open', async () => {
      responder.behaviour = status(503)
      const revocation = processOf({ breaker: { failures: 3, openMs: 60_000, maxOpenMs: 60_000 } })
      const causes: string[] = []
      for (let i = 0; i < 6; i++) {
        const { certificate } = register({ ocspUrls: [responder.url] })
        const found = await revocation.statusOf(certificate, clock.now)
        causes.push(found.status === 'unavailable' ? found.cause.replace(/^[^ ]+ /, '') : found.status)
      }
      expect(causes).to.deep.equal([...Array(3).fill('http_server_error HTTP 503'), ...Array(3).fill('breaker_open')])
      expect(responder.requests).to.have.length(3)
    })

    it('is not broken for all because it does not know one', async () => {
      const revocation = processOf({ breaker: { failures: 2, openMs: 60_000, maxOpenMs: 60_000 } })
      const unknown: Behaviour = answering(ocspError('unauthorized'))
      responder.behaviour = inTurn(unknown, status(404), unknown, status(404), answering(responseFor(registered)))
      for (let i = 0; i < 4; i++) {
        const { certificate } = register({ ocspUrls: [responder.url] })
        expect(await revocation.statusOf(certificate, clock.now)).to.include({ status: 'unavailable' })
      }
      expect(await ask(revocation)).to.include({ status: 'good' })
    })
  })

  describe('a slow responder', () => {
    it('keeps nobody waiting beyond the deadline, and its answer is there for who comes next', async () => {
      responder.behaviour = slowly(700, answering(responseFor(registered)))
      const revocation = processOf()
      const started = performance.now()
      expect(await ask(revocation)).to.include({ status: 'unavailable', cause: 'no answer within 400 ms' })
      expect(performance.now() - started).to.be.within(390, 650)
      expect(revocation.statistics).to.include({ late: 1, waits: 1 })
      // Who joins now waits for the rest only.
      expect(await ask(revocation)).to.include({ status: 'good', tier: 'responder' })
      expect(ask(revocation)).to.include({ status: 'good', tier: 'memory' })
      expect(responder.requests).to.have.length(1)
    })
  })

  describe('several responders', () => {
    let second: TestResponder
    beforeEach(async () => {
      second = await TestResponder.start()
      registered = register({ ocspUrls: [responder.url, second.url] })
      second.behaviour = answering(responseFor(registered))
    })
    afterEach(() => second.stop())

    it('are asked in order: the second only where the first fails', async () => {
      responder.behaviour = answering(responseFor(registered))
      await ask(processOf())
      expect([responder.requests.length, second.requests.length]).to.deep.equal([1, 0])
      responder.behaviour = status(500)
      expect(await ask(processOf())).to.include({ status: 'good' })
      expect([responder.requests.length, second.requests.length]).to.deep.equal([2, 1])
    })

    it('answer within the deadline even where the first says nothing', async () => {
      responder.behaviour = silent
      expect(await ask(processOf())).to.include({ status: 'good' })
    })

    it('are both named where both fail', async () => {
      responder.behaviour = html
      second.behaviour = answering(ocspError('unauthorized'))
      expect(await ask(processOf()))
        .to.have.property('cause')
        .that.equals(
          `127.0.0.1:${responder.port}: content_type text/html; 127.0.0.1:${second.port}: not_successful unauthorized`,
        )
    })
  })

  describe('what the operator says of an issuer', () => {
    const issuerKey = certificateFromDer(authority.certificate.der).sha256

    it('goes before what its certificates say', async () => {
      const own = await TestResponder.start(answering(responseFor(registered)))
      const overrides = new Map([[issuerKey, { responder: new URL(own.url) }]])
      expect(await ask(processOf({ overrides }))).to.include({ status: 'good' })
      expect([responder.requests.length, own.requests.length]).to.deep.equal([0, 1])
      await own.stop()
    })

    it('may pin a key that answers for it', async () => {
      responder.behaviour = answering(responseFor(registered, { responder: stranger.certificate, embedded: [] }))
      const pinned = [certificateFromDer(stranger.certificate.der)]
      expect(await ask(processOf({ overrides: new Map([[issuerKey, { pinned }]]) }))).to.include({ status: 'good' })
      expect(await ask(processOf())).to.include({ status: 'unavailable' })
    })
  })

  describe('a certificate that nobody may be asked about', () => {
    it('has no source where it names none', () => {
      const { certificate } = register({ ocspUrls: ['ldap://example.com/'] })
      expect(processOf().statusOf(certificate, clock.now)).to.deep.equal({ status: 'no_source' })
    })

    it('is unavailable where the operator allows none of its responders', async () => {
      const found = await ask(processOf({ allowedHosts: new Set(['ocsp.example.com']) }))
      expect(found).to.include({ status: 'unavailable', cause: `not_permitted 127.0.0.1:${responder.port}` })
      expect(responder.requests).to.have.length(0)
    })

    it('is unavailable where its responder is at a private address', async () => {
      const found = await ask(processOf({ allowPrivateAddresses: false }))
      expect(found).to.have.property('cause').that.includes('address_refused')
      expect(responder.connections).to.equal(0)
    })
  })

  describe('time', () => {
    it('ends an answer at its nextUpdate, skew or not, and asks again', async () => {
      const revocation = processOf({ skewMs: 5 * minuteMs })
      responder.behaviour = answering(responseFor(registered, { nextUpdate: inMinutes(30) }))
      await ask(revocation)
      clock.now = new Date(inMinutes(30).getTime() - 1)
      expect(ask(revocation)).to.include({ status: 'good' })
      clock.now = inMinutes(30)
      responder.behaviour = status(500)
      expect(await ask(revocation)).to.include({ status: 'unavailable', lastRevoked: false })
      expect(responder.requests).to.have.length(2)
    })

    it('lets an answer inside the skew pass once, and does not remember it', async () => {
      const revocation = processOf({ skewMs: 5 * minuteMs })
      responder.behaviour = answering(responseFor(registered, { nextUpdate: inMinutes(-1) }))
      expect(await ask(revocation)).to.include({ status: 'good', tier: 'responder' })
      expect(await ask(revocation)).to.include({ status: 'good', tier: 'responder' })
      expect(responder.requests).to.have.length(2)
    })

    it('ends a revocation at its cap, and what was last heard is not forgotten', async () => {
      const revocation = processOf()
      responder.behaviour = answering(responseFor(registered, { status: 'revoked' }))
      await ask(revocation)
      clock.now = inMinutes(60)
      responder.behaviour = status(500)
      expect(await ask(revocation)).to.include({ status: 'unavailable', lastRevoked: true })
    })

    it('brings back a certificate that was on hold, by a later answer', async () => {
      const revocation = processOf()
      responder.behaviour = answering(responseFor(registered, { status: 'revoked', reason: 'certificateHold' }))
      expect(await ask(revocation)).to.include({ status: 'revoked', reason: 'certificateHold' })
      responder.behaviour = answering(responseFor(registered, { thisUpdate: inMinutes(59) }))
      clock.now = inMinutes(60)
      expect(await ask(revocation)).to.include({ status: 'good' })
    })
  })

  describe('an older answer', () => {
    it('never takes the place of a later one', async () => {
      const revocation = processOf()
      responder.behaviour = answering(responseFor(registered, { status: 'revoked', thisUpdate: inMinutes(-10) }))
      await ask(revocation)
      responder.behaviour = answering(responseFor(registered, { thisUpdate: inMinutes(-20) }))
      expect(await revocation.refresh(registered.certificate)).to.deep.include({ status: 'answered', tier: 'memory' })
      expect(ask(revocation)).to.include({ status: 'revoked' })
      expect(revocation.rejected.map(({ tier, code }) => [tier, code])).to.deep.equal([
        ['responder', 'older_than_known'],
      ])
    })

    it('does not count either when the later one may no longer be used', async () => {
      const revocation = processOf()
      responder.behaviour = answering(responseFor(registered, { status: 'revoked', thisUpdate: inMinutes(-10) }))
      await ask(revocation)
      responder.behaviour = answering(responseFor(registered, { thisUpdate: inMinutes(-20) }))
      clock.now = inMinutes(61)
      const found = await ask(revocation)
      expect(found).to.include({ status: 'unavailable', lastRevoked: true })
      expect(found).to.have.property('cause').that.includes('older_than_known')
    })
  })

  describe('a refresh', () => {
    it('replaces what is remembered, and nobody waits for it', async () => {
      const revocation = processOf()
      await ask(revocation)
      responder.behaviour = slowly(50, answering(responseFor(registered, { thisUpdate: inMinutes(-1) })))
      const refreshed = revocation.refresh(registered.certificate)
      expect(ask(revocation)).to.deep.include({ status: 'good', thisUpdate: inMinutes(-60) })
      expect(await refreshed).to.include({ status: 'answered', tier: 'responder' })
      expect(ask(revocation)).to.deep.include({ status: 'good', thisUpdate: inMinutes(-1) })
    })

    it('that fails leaves what is remembered', async () => {
      const revocation = processOf()
      await ask(revocation)
      responder.behaviour = status(500)
      expect(await revocation.refresh(registered.certificate)).to.include({ status: 'failed', asked: true })
      expect(ask(revocation)).to.include({ status: 'good', tier: 'memory' })
    })

    it('joins a request under way', async () => {
      responder.behaviour = slowly(50, answering(responseFor(registered)))
      const revocation = processOf()
      await Promise.all([ask(revocation), revocation.refresh(registered.certificate)])
      expect(responder.requests).to.have.length(1)
    })
  })

  describe('a nonce (RFC 9654)', () => {
    const nonceIn = (der: Buffer): Buffer => der.subarray(der.length - 32)
    const repeating: Behaviour = (request, response) =>
      answering(responseFor(registered, { nonce: nonceIn(request.der) }))(request, response)

    it('is of 32 octets, new for each request, and repeated', async () => {
      responder.behaviour = repeating
      const revocation = processOf({ nonce: 'required' })
      expect(await ask(revocation)).to.include({ status: 'good' })
      await revocation.refresh(registered.certificate)
      const [first, other] = responder.requests.map(({ der }) => nonceIn(der).toString('hex'))
      expect(first).to.not.equal(other)
    })

    it('of another request is refused', async () => {
      responder.behaviour = answering(responseFor(registered, { nonce: Buffer.alloc(32) }))
      for (const nonce of ['optional', 'required'] as const)
        expect(await ask(processOf({ nonce })))
          .to.have.property('cause')
          .that.includes('nonce_mismatch')
    })

    it('may be missing where it is optional, and not where it is required', async () => {
      expect(await ask(processOf({ nonce: 'optional' }))).to.include({ status: 'good' })
      expect(await ask(processOf({ nonce: 'required' })))
        .to.have.property('cause')
        .that.includes('nonce_missing')
    })

    it('is left out for a responder that calls it malformed, only where it is optional', async () => {
      const choosy: Behaviour = (request, response) =>
        answering(request.der.length > 100 ? ocspError('malformedRequest') : responseFor(registered))(request, response)
      responder.behaviour = choosy
      expect(await ask(processOf({ nonce: 'optional' }))).to.include({ status: 'good' })
      expect(responder.requests).to.have.length(2)
      expect(await ask(processOf({ nonce: 'required' })))
        .to.have.property('cause')
        .that.includes('malformedRequest')
      expect(responder.requests).to.have.length(3)
    })
  })

  describe('the CAs above it', () => {
    let caResponder: TestResponder
    let above: Authority
    let ca: Authority

    beforeEach(async () => {
      caResponder = await TestResponder.start()
      above = Authority.root()
      ca = above.issueAuthority({ ocspUrls: [caResponder.url] })
      registered = register({ ocspUrls: [responder.url] }, ca)
      responder.behaviour = answering(ocspResponse({ authority: ca, certificate: registered.issued }))
      caResponder.behaviour = answering(ocspResponse({ authority: above, certificate: ca.certificate }))
    })
    afterEach(() => caResponder.stop())
    const sayOfCa = (options: Partial<OcspResponseOptions>): void => {
      caResponder.behaviour = answering(ocspResponse({ authority: above, certificate: ca.certificate, ...options }))
    }

    it('are not asked about unless the operator says so', async () => {
      sayOfCa({ status: 'revoked' })
      expect(await ask(processOf())).to.not.have.property('issuers')
      expect(caResponder.requests).to.have.length(0)
    })

    it('are asked about at their own issuers, each once, and then remembered', async () => {
      const revocation = processOf({ check: 'chain' })
      expect(await ask(revocation)).to.have.nested.property('issuers[0].status', 'good')
      expect(ask(revocation)).to.deep.include({ status: 'good', tier: 'memory' })
      expect([responder.requests.length, caResponder.requests.length]).to.deep.equal([1, 1])
    })

    it('are told apart: a revoked CA, and a responder of it that is down', async () => {
      sayOfCa({ status: 'revoked', reason: 'cACompromise' })
      const found = await ask(processOf({ check: 'chain' }))
      expect(found).to.include({ status: 'good' })
      expect(found.issuers?.[0]).to.include({ status: 'revoked', reason: 'cACompromise' })
      caResponder.behaviour = status(500)
      expect((await ask(processOf({ check: 'chain' }))).issuers?.[0]).to.include({ status: 'unavailable' })
    })

    it('may pass without an answer where the operator says so of their issuer', async () => {
      caResponder.behaviour = status(500)
      const aboveKey = certificateFromDer(above.certificate.der).sha256
      const overrides = new Map([[aboveKey, { onUnavailable: 'allow' as const }]])
      const found = await ask(processOf({ check: 'chain', overrides }))
      expect(found).to.include({ status: 'good' })
      expect(found.issuers?.[0]).to.include({ status: 'unavailable', tolerated: true })
    })
  })

  it('answers from memory in under 5 microseconds', async () => {
    const revocation = processOf()
    await ask(revocation)
    const rounds = 20_000
    for (let i = 0; i < rounds; i++) ask(revocation)
    const started = performance.now()
    for (let i = 0; i < rounds; i++) ask(revocation)
    const microseconds = ((performance.now() - started) * 1_000) / rounds
    expect(microseconds).to.be.below(5)
  })

  it('ends what is under way when it is closed', async () => {
    responder.behaviour = silent
    const revocation = openProcess(clock, { timeoutMs: 60_000, fetchTimeoutMs: 60_000 })
    const waiting = ask(revocation)
    await responder.received(1)
    await revocation.close()
    expect(await waiting).to.include({ status: 'unavailable' })
  })

  it('is unavailable, and nothing worse, where a part of it throws', async () => {
    class Broken extends ResponderClient {
      override fetch(): never {
        throw new Error('broken')
      }
    }
    const found = await ask(processOf({}, { client: new Broken(defaults) }))
    expect(found).to.deep.equal({ status: 'unavailable', cause: 'internal: Error: broken', lastRevoked: false })
    expect(fixedNow).to.equal(clock.now)
  })
})
