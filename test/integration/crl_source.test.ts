import { expect } from 'chai'
import type { CertificateStatus } from '../../src/domain/evidence.ts'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import type { OcspSubject } from '../../src/pki/ocsp_request.ts'
import { CrlSource, crlDefaults, type CrlOptions as SourceOptions } from '../../src/revocation/crl/crl_source.ts'
import type { After } from '../../src/revocation/timers.ts'
import { type CrlOptions, crl, manyEntries, manySerial } from '../support/crl.ts'
import { Authority, type CertificateOptions, fixedNow } from '../support/pki.ts'
import {
  answering,
  type Behaviour,
  endless,
  hangingUp,
  html,
  redirecting,
  silent,
  slowly,
  stalling,
  status,
  TestResponder,
} from '../support/test_responder.ts'

const minuteMs = 60_000
const inMinutes = (minutes: number): Date => new Date(fixedNow.getTime() + minutes * minuteMs)
const authority = Authority.root().issueAuthority()
const another = Authority.root().issueAuthority({ commonName: 'Another CA' })

const register = (options: CertificateOptions, issuer = authority): OcspSubject => ({
  certificate: certificateFromDer(issuer.issue(options).der),
  issuer: certificateFromDer(issuer.certificate.der),
})

/** Valid from an hour ago for a day, unless told otherwise. */
const crlOf = (options: Partial<CrlOptions> = {}): Buffer => crl({ issuer: authority.certificate, ...options })
const serving = (options: Partial<CrlOptions> = {}): Behaviour => answering(crlOf(options), 'application/pkix-crl')

const defaults: SourceOptions = {
  ...{ ...crlDefaults, maxBytes: 1_000_000, timeoutMs: 400, fetchTimeoutMs: 2_000 },
  ...{ skewMs: 1_000, maxAgeMs: 60 * minuteMs, allowSha1: false, allowPrivateAddresses: true },
  refresh: { at: 0.5, jitter: 0, retryMs: 5_000, maxRetryMs: 60_000 },
}

describe('CRLs as a source of revocation', () => {
  let server: TestResponder
  let now: Date
  let timers: { dueMs: number; run: () => void }[]
  let subject: OcspSubject
  const opened: CrlSource[] = []
  const failures: string[] = []

  beforeEach(async () => {
    now = fixedNow
    timers = []
    failures.length = 0
    server = await TestResponder.start(serving())
    subject = register({ crlUrls: [server.url] })
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source.close()))
    await server.stop()
  })

  const after: After = (delayMs, run) => {
    const timer = { dueMs: now.getTime() + delayMs, run }
    timers.push(timer)
    return () => {
      timers = timers.filter((other) => other !== timer)
    }
  }

  function open(changes: Partial<SourceOptions> = {}): CrlSource {
    const source = new CrlSource(
      { ...defaults, ...changes },
      {
        ...{ clock: () => now, random: () => 0, after },
        observer: { onCrl: () => {}, onCrlFailed: ({ cause }) => void failures.push(cause) },
      },
    )
    opened.push(source)
    return source
  }

  const ask = (source: CrlSource, about = subject): CertificateStatus | Promise<CertificateStatus> =>
    source.statusOf(about, now)
  const statusOf = async (source: CrlSource, about = subject): Promise<string> => (await ask(source, about)).status

  describe('a certificate whose CRL is held', () => {
    it('is good where the CRL does not list it: at once, and without another request', async () => {
      const source = open()
      await source.register([subject])
      const found = { source: 'crl', tier: 'memory', thisUpdate: inMinutes(-60), usableUntil: inMinutes(23 * 60) }
      expect(ask(source)).to.deep.equal({ status: 'good', ...found })
      expect(server.requests).to.have.length(1)
      expect(server.requests[0]).to.deep.include({ method: 'GET', path: '/ocsp' })
    })

    it('is revoked where the CRL lists it, with reason and time', async () => {
      server.behaviour = serving({ revoked: [{ serialNumber: subject.certificate.serialNumber, reason: 6 }] })
      const source = open()
      await source.register([subject])
      expect(ask(source)).to.deep.include({
        ...{ status: 'revoked', reason: 'certificateHold', revokedAt: inMinutes(-120), source: 'crl' },
      })
    })

    it('shares it with the others of its issuer, and not with those of another', async () => {
      server.behaviour = serving({ revoked: [{ serialNumber: '05' }] })
      const sibling = register({ crlUrls: [server.url], serialNumber: '05' })
      const stranger = register({ crlUrls: [server.url], serialNumber: '05' }, another)
      const source = open()
      await source.register([subject, sibling])
      expect(server.requests).to.have.length(1)
      expect([await statusOf(source), await statusOf(source, sibling)]).to.deep.equal(['good', 'revoked'])
      expect(await ask(source, stranger)).to.deep.include({ status: 'unavailable', lastRevoked: false })
      expect(failures).to.deep.equal(['issuer_mismatch'])
    })

    it('is found among a hundred thousand', async () => {
      server.behaviour = answering(crlOf({ entries: manyEntries(100_000) }))
      const listed = register({ crlUrls: [server.url], serialNumber: manySerial(99_999) })
      const source = open({ maxBytes: 8_000_000 })
      await source.register([subject, listed])
      expect([await statusOf(source), await statusOf(source, listed)]).to.deep.equal(['good', 'revoked'])
      expect(source.view(subject)).to.deep.include({ entries: 100_000, location: server.url })
    })
  })

  describe('a certificate whose CRL is not held yet', () => {
    it('waits for it, and everybody for the same download', async () => {
      server.behaviour = slowly(50, server.behaviour)
      const source = open()
      const statuses = await Promise.all(Array.from({ length: 100 }, () => ask(source)))
      expect(statuses.map((found) => found.status)).to.deep.equal(Array(100).fill('good'))
      expect(statuses[0]).to.include({ tier: 'responder' })
      expect(server.requests).to.have.length(1)
    })

    it('waits no longer than the timeout, and finds it there later', async () => {
      server.behaviour = slowly(150, server.behaviour)
      const source = open({ timeoutMs: 30 })
      expect(await ask(source)).to.deep.equal({
        ...{ status: 'unavailable', cause: 'crl: no CRL within 30 ms', lastRevoked: false },
      })
      await source.refresh(subject)
      expect(ask(source)).to.include({ status: 'good' })
      expect(server.requests).to.have.length(1)
    })

    it('has no source where it names none over HTTP', async () => {
      const source = open()
      expect(ask(source, register({}))).to.deep.equal({ status: 'no_source' })
      expect(ask(source, register({ crlUrls: ['ldap://ldap.example/cn=CRL'] }))).to.deep.equal({ status: 'no_source' })
      expect(source.view(register({}))).to.equal(undefined)
    })

    it('has none that may be asked where the host is not allowed, or credentials are in the address', () => {
      const source = open({ allowedHosts: new Set(['crl.example.com']) })
      expect(ask(source)).to.include({ status: 'unavailable' })
      expect(ask(open(), register({ crlUrls: ['http://u:p@127.0.0.1/'] }))).to.include({ status: 'unavailable' })
      expect(server.requests).to.have.length(0)
    })
  })

  describe('a location that gives no good CRL', () => {
    const serials = { revoked: [{ serialNumber: '01' }] }
    const bad: [string, () => Behaviour, RegExp][] = [
      ['is silent', () => silent, /timeout/],
      ['stalls', () => stalling, /timeout/],
      ['answers without end', () => endless, /too_large more than 1000000 bytes/],
      ['sends HTML', () => html, /malformed/],
      ['sends nothing', () => answering(Buffer.of()), /malformed/],
      ['fails with a good CRL as its body', () => status(500, crlOf()), /http_server_error HTTP 500/],
      ['has none', () => status(404), /http_client_error HTTP 404/],
      ['redirects', () => redirecting('http://127.0.0.1:9/'), /redirected HTTP 302/],
      ['hangs up', () => hangingUp, /connection_lost/],
      ['sends that of another CA', () => serving({ issuer: another.certificate }), /issuer_mismatch/],
      ['sends one of a stranger', () => serving({ ...serials, signature: 'forged' }), /signature_invalid/],
      ['sends one over SHA-1', () => serving({ signature: 'sha1' }), /signature_sha1/],
      ['sends one that has expired', () => serving({ nextUpdate: inMinutes(-1) }), /expired/],
      [
        'sends one about CAs',
        () => serving({ issuingDistributionPoint: { onlyContainsCaCerts: true } }),
        /other_certificates/,
      ],
      [
        'sends one of another distribution point',
        () => serving({ issuingDistributionPoint: { urls: ['http://crl.example.com/2.crl'] } }),
        /distribution_point_mismatch/,
      ],
      ['sends one of the future', () => serving({ thisUpdate: inMinutes(1) }), /not_yet_valid/],
    ]
    for (const [what, behaviour, cause] of bad) {
      it(`${what}: the status is unavailable`, async () => {
        server.behaviour = behaviour()
        const source = open({ fetchTimeoutMs: 200 })
        const found = await ask(source)
        expect(found).to.include({ status: 'unavailable', lastRevoked: false })
        expect(found.status === 'unavailable' && found.cause).to.match(cause)
        expect(source.view(subject)?.lastError?.cause).to.match(cause)
      })
    }

    it('is not asked again by the next requests, and then later and later', async () => {
      server.behaviour = status(404)
      const source = open()
      for (let i = 0; i < 3; i++) expect(await statusOf(source)).to.equal('unavailable')
      expect(server.requests).to.have.length(1)
      const pauses: number[] = []
      for (let i = 0; i < 6; i++) {
        pauses.push(await fire())
      }
      expect(pauses).to.deep.equal([5_000, 10_000, 20_000, 40_000, 60_000, 60_000])
      server.behaviour = serving()
      await fire()
      expect(ask(source)).to.include({ status: 'good' })
      expect(source.view(subject)?.lastError).to.equal(undefined)
    })

    it('is passed over for the next one', async () => {
      const other = await TestResponder.start(silent)
      try {
        const both = register({ crlUrls: [other.url, server.url] })
        const source = open({ fetchTimeoutMs: 400 })
        await source.register([both])
        expect(ask(source, both)).to.include({ status: 'good' })
        expect(failures).to.deep.equal(['timeout'])
      } finally {
        await other.stop()
      }
    })

    it('is never on a private network, unless that is allowed', async () => {
      const source = open({ allowPrivateAddresses: false })
      const found = await ask(source)
      expect(found.status === 'unavailable' && found.cause).to.match(/address_refused/)
      expect(server.connections).to.equal(0)
    })
  })

  describe('the CRL that is held', () => {
    it('is refreshed ahead of its end, and exchanged for the newer one', async () => {
      const source = open({ maxRefreshMs: 48 * 60 * minuteMs })
      await source.register([subject])
      expect(source.view(subject)?.nextRefresh).to.deep.equal(inMinutes(11 * 60))
      server.behaviour = serving({
        ...{ number: 2, thisUpdate: inMinutes(10 * 60), nextUpdate: inMinutes(34 * 60) },
        revoked: [{ serialNumber: subject.certificate.serialNumber }],
      })
      await fire()
      expect(now).to.deep.equal(inMinutes(11 * 60))
      expect(ask(source)).to.deep.include({ status: 'revoked', usableUntil: inMinutes(34 * 60) })
      expect(server.requests).to.have.length(2)
    })

    it('is asked for again after a while, however long it holds', async () => {
      const source = open({ maxRefreshMs: 60 * minuteMs })
      await source.register([subject])
      expect(source.view(subject)?.nextRefresh).to.deep.equal(inMinutes(30))
    })

    it('is used while another one is on its way', async () => {
      const source = open()
      await source.register([subject])
      server.behaviour = slowly(
        100,
        serving({ number: 2, revoked: [{ serialNumber: subject.certificate.serialNumber }] }),
      )
      const refreshed = source.refresh(subject)
      await server.received(2)
      expect(ask(source)).to.include({ status: 'good' })
      await refreshed
      expect(ask(source)).to.include({ status: 'revoked' })
    })

    const worse: [string, Partial<CrlOptions>, string][] = [
      ['an earlier thisUpdate', { number: 9, thisUpdate: inMinutes(-61) }, 'older_than_known'],
      ['a smaller number', { number: 4, thisUpdate: inMinutes(-1) }, 'older_than_known'],
      ['a forged signature', { number: 6, signature: 'forged' }, 'signature_invalid'],
      [
        'another scope',
        { number: 6, issuingDistributionPoint: { urls: ['http://crl.example.com/2.crl'] } },
        'distribution_point_mismatch',
      ],
      ['a delta', { number: 6, extensions: [{ oid: '2.5.29.27', critical: true }] }, 'delta'],
    ]
    for (const [what, options, cause] of worse) {
      it(`stays where the next one has ${what}`, async () => {
        const { serialNumber } = subject.certificate
        server.behaviour = serving({ number: 5, revoked: [{ serialNumber }] })
        const source = open()
        await source.register([subject])
        server.behaviour = serving(options)
        await source.refresh(subject)
        expect(ask(source)).to.include({ status: 'revoked' })
        expect(failures).to.deep.equal([cause])
        expect(source.view(subject)?.nextRefresh).to.deep.equal(new Date(fixedNow.getTime() + 5_000))
      })
    }

    it('is never used from its nextUpdate on, and still tells that it said revoked', async () => {
      const { serialNumber } = subject.certificate
      server.behaviour = serving({ revoked: [{ serialNumber }], nextUpdate: inMinutes(10) })
      const sibling = register({ crlUrls: [server.url] })
      const source = open()
      await source.register([subject, sibling])
      server.behaviour = status(503)
      await source.refresh(subject)
      now = new Date(inMinutes(10).getTime() - 1)
      expect([await statusOf(source), await statusOf(source, sibling)]).to.deep.equal(['revoked', 'good'])
      now = inMinutes(10)
      expect(await ask(source)).to.include({ status: 'unavailable', lastRevoked: true })
      expect(await ask(source, sibling)).to.include({ status: 'unavailable', lastRevoked: false })
    })

    it('is forgotten with the last certificate that names it', async () => {
      const other = register({ crlUrls: [`${server.url}/other`] })
      const source = open()
      await source.register([subject, other])
      expect(timers).to.have.length(2)
      await source.register([other])
      expect(source.view(subject)).to.equal(undefined)
      expect(source.view(other)).to.include({ entries: 0 })
      expect(timers).to.have.length(1)
      expect(server.requests).to.have.length(2)
    })
  })

  it('downloads no more CRLs at a time than allowed', async () => {
    let underWay = 0
    let most = 0
    server.behaviour = (request, response) => {
      most = Math.max(most, ++underWay)
      response.on('finish', () => underWay--)
      slowly(20, serving())(request, response)
    }
    const source = open({ downloads: 2 })
    const subjects = Array.from({ length: 6 }, (_, index) => register({ crlUrls: [`${server.url}/${index}`] }))
    await source.register(subjects)
    expect(await Promise.all(subjects.map((one) => statusOf(source, one)))).to.deep.equal(Array(6).fill('good'))
    expect(most).to.be.within(1, 2)
  })

  it('ends what is under way when it is closed, and begins nothing more', async () => {
    server.behaviour = silent
    const source = open()
    const waiting = ask(source)
    await server.received(1)
    await source.close()
    expect(await waiting).to.include({ status: 'unavailable' })
    expect(await statusOf(source)).to.equal('unavailable')
    expect(await statusOf(source, register({ crlUrls: [`${server.url}/new`] }))).to.equal('unavailable')
    expect(timers).to.deep.equal([])
    expect(server.requests).to.have.length(1)
  })

  /** Moves the clock to the next timer, runs it, and waits for what it started; how long that was. */
  async function fire(): Promise<number> {
    const [timer] = timers.splice(0, 1)
    if (timer === undefined) throw new Error('no timer')
    const waited = timer.dueMs - now.getTime()
    now = new Date(timer.dueMs)
    timer.run()
    await opened.at(-1)?.refresh(subject)
    return waited
  }
})
