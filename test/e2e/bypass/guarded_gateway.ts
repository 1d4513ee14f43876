import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { certIdOf } from '../../../src/pki/ocsp_request.ts'
import { filterChain, httpConnectionManager } from '../../support/envoy_bootstrap.ts'
import { type LiveGateway, startLiveGateway } from '../../support/live_gateway.ts'
import { ocspResponse } from '../../support/ocsp.ts'
import { Authority, type IssuedCertificate } from '../../support/pki.ts'
import { secretWatch } from '../../support/secret_watch.ts'
import { answering, TestResponder } from '../../support/test_responder.ts'
import type { Received } from '../../support/upstream.ts'
import { type Connecting, sendVerbatim } from '../../support/verbatim.ts'

const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

export const mtls = 'api.example.com'
export const tls = 'api2.example.com'

const policies = `
  data: { channel: mtls, require: [certificate] }
  accounts: { channel: mtls, require: [certificate], product: accounts }
  partner: { channel: mtls, require: [certificate, basic] }
  merchant: { channel: tls, require: [basic] }
  callback: { channel: tls, require: [] }
  try: { channel: try, rate: { requests: 100000, total: 1000000, per: 1s } }`

const secret = 'acme-secret-5tVw8yB1nM4q'
secretWatch.add(secret)

/** Who tries, and from where: none of them may reach an API of the 2-way hostname. */
export interface Position {
  readonly name: string
  readonly connecting: Connecting
}

/** The whole gateway, an upstream that writes down all that reaches it, and callers with the right credentials and without. */
export class GuardedGateway {
  readonly live: LiveGateway
  /** What the authority says of certificates that it calls revoked. */
  readonly #revoked: Set<string>
  readonly #responder: TestResponder
  readonly acme: IssuedCertificate
  readonly other: IssuedCertificate
  readonly #stranger: IssuedCertificate

  private constructor(parts: Parts) {
    this.live = parts.live
    this.#revoked = parts.revoked
    this.#responder = parts.responder
    this.acme = parts.acme
    this.other = parts.other
    this.#stranger = parts.issuing.issue({ commonName: 'acme.example', ocspUrls: [parts.responder.url] })
  }

  static async start(): Promise<GuardedGateway> {
    const now = new Date()
    const responder = await TestResponder.start()
    const issuing = Authority.root({ commonName: 'Root CA', now }).issueAuthority({ commonName: 'Issuing CA' })
    const issue = (commonName: string) => issuing.issue({ commonName, ocspUrls: [responder.url] })
    const [acme, other] = [issue('acme.example'), issue('other.example')]
    const revoked = new Set<string>()
    responder.behaviour = answering(({ der }) => {
      const certificate = der.includes(serialNumberIn(acme, issuing)) ? acme : other
      const status = revoked.has(certificate.serialNumber) ? 'revoked' : 'good'
      const thisUpdate = new Date(Math.floor(Date.now() / 1_000) * 1_000)
      const nextUpdate = new Date(thisUpdate.getTime() + 3_600_000)
      return ocspResponse({ authority: issuing, certificate, status, thisUpdate, nextUpdate })
    })
    const live = await startLiveGateway({
      registrations: registrations({ acme, other }),
      chainPem: issuing.chainPem,
      ocsp: '{ allow_private_addresses: true }',
      policies,
      // A connection on which it refused something it would otherwise keep open for a second.
      change: (bootstrap) => {
        const soon = { delayed_close_timeout: '0.05s' }
        Object.assign(httpConnectionManager(bootstrap), soon)
        Object.assign(filterChain(bootstrap, 'try').filters[0].typed_config, soon)
      },
    })
    return new GuardedGateway({ live, revoked, responder, issuing, acme, other })
  }

  /** On the 2-way hostname, with the certificate of a DevApp. */
  get rightful(): Connecting {
    return { sni: mtls, certificate: this.acme }
  }

  /** Of the DevApp acme. */
  readonly basic = `Basic ${Buffer.from(`acme-key:${secret}`).toString('base64')}`
  readonly wrongBasic = `Basic ${Buffer.from('acme-key:a wrong secret').toString('base64')}`

  get strangers(): readonly Position[] {
    return [
      { name: 'on the 1-way hostname', connecting: { sni: tls } },
      { name: 'with a certificate that nobody registered', connecting: { sni: mtls, certificate: this.#stranger } },
      {
        name: 'with the right certificate, on the hostname to try it on',
        connecting: { sni: 'try.example.com', certificate: this.acme },
      },
    ]
  }

  /** What the upstream received while something went on. */
  async reaching(happening: () => Promise<unknown>): Promise<readonly Received[]> {
    const before = this.live.upstream.all.length
    await happening()
    return this.live.upstream.all.slice(before)
  }

  verbatim(connecting: Connecting, parts: readonly (string | Buffer)[], answers?: number): Promise<string> {
    return sendVerbatim(this.live.envoy.port, this.live.authorityPem, connecting, parts, answers)
  }

  /** What a rightful caller sends reaches the upstream, once. */
  async expectPassed(
    send: (connecting: Connecting) => Promise<unknown>,
    connecting = this.rightful,
  ): Promise<Received> {
    const received = await this.reaching(() => send(connecting))
    expect(received, 'the same with the right credentials').to.have.lengthOf(1)
    return received[0]!
  }

  /** None of what strangers do with it reaches a guarded API. */
  async expectRefused(send: (connecting: Connecting) => Promise<unknown>): Promise<void> {
    for (const { name, connecting } of this.strangers) {
      const received = await this.reaching(() => send(connecting))
      expect(received.filter(isGuarded), name).to.deep.equal([])
    }
  }

  /** The registry from now on: acme has its certificate no more. */
  async detach(): Promise<void> {
    await this.#register({ other: this.other })
  }

  async attach(): Promise<void> {
    await this.#register({ acme: this.acme, other: this.other })
  }

  /** The issuer's word on acme's certificate from now on; what was remembered is purged. */
  revoke(isRevoked = true): void {
    if (isRevoked) this.#revoked.add(this.acme.serialNumber)
    else this.#revoked.delete(this.acme.serialNumber)
    const { status, stderr } = spawnSync(process.execPath, [
      main,
      'ocsp',
      'purge',
      '--all',
      '--admin',
      this.live.adminAddress,
    ])
    expect(status, String(stderr)).to.equal(0)
  }

  async stop(): Promise<void> {
    await this.live.stop()
    await this.#responder.stop()
  }

  async #register(certificates: Partial<Record<'acme' | 'other', IssuedCertificate>>): Promise<void> {
    const loaded = () => this.live.service.log().filter(({ msg }) => msg === 'registry loaded').length
    const before = loaded()
    this.live.replaceRegistry(registrations(certificates))
    await this.live.service.logged(() => loaded() > before)
  }
}

interface Parts {
  readonly live: LiveGateway
  readonly revoked: Set<string>
  readonly responder: TestResponder
  readonly issuing: Authority
  readonly acme: IssuedCertificate
  readonly other: IssuedCertificate
}

const registrations = (certificates: Partial<Record<'acme' | 'other', IssuedCertificate>>) =>
  (['acme', 'other'] as const).map((id) => ({
    id,
    certificates: [certificates[id] ?? []].flat(),
    products: id === 'acme' ? ['data', 'accounts'] : [],
    ...(id === 'acme' && { clientSecret: secret }),
  }))

function serialNumberIn(certificate: IssuedCertificate, issuer: Authority): Buffer {
  const subject = {
    certificate: certificateFromDer(certificate.der),
    issuer: certificateFromDer(issuer.certificate.der),
  }
  return Buffer.from(certIdOf(subject).serialNumber, 'hex')
}

/**
 * Whether the upstream may take it for a request to another API than the public one: by any reading of its path that servers
 * have, such as decoding it once more, dropping path parameters (RFC 3986 3.3), or taking a backslash for a slash.
 */
export function isGuarded({ method, path }: Received): boolean {
  if (method === 'CONNECT' || method === 'unreadable') return true
  return readingsOf(path).some((reading) => !/^\/v1\/callback(\/|$)/.test(reading))
}

function readingsOf(path: string): readonly string[] {
  const [written = ''] = path.split('?', 1)
  const once = decoded(written)
  const texts = [written, once, decoded(once)]
  return texts
    .flatMap((text) => [text, text.replaceAll('\\', '/')])
    .flatMap((text) => [text, text.replace(/;[^/]*/g, '')])
    .map((text) => resolved(text))
}

function decoded(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** Without dot segments and empty ones. */
function resolved(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
