import { randomBytes } from 'node:crypto'
import type { Registration } from '../../demo/third_parties.ts'
import { ocspResponse } from '../support/ocsp.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'
import { secretWatch } from '../support/secret_watch.ts'
import { answering, type Behaviour, type ReceivedRequest, TestResponder } from '../support/test_responder.ts'
import type { Caller } from './callers.ts'

const dayMs = 86_400_000
const mtls = 'api.example.com'
const tls = 'api2.example.com'

/** The third parties, good and bad, their CA and its responder. */
export class Parties {
  readonly issuing: Authority
  readonly responder: TestResponder
  /** For how long the responder's answers are good. */
  validityMs = 3_600_000
  readonly #certificates: Readonly<Record<'acme' | 'disabled' | 'revoked' | 'detached' | 'stranger', IssuedCertificate>>
  readonly #ofUnknownCa: IssuedCertificate
  /** Of a CA that nobody has registered yet. It names no responder. */
  readonly newcomer: { readonly certificate: IssuedCertificate; readonly authority: Authority }
  readonly #secret: string

  private constructor(issuing: Authority, responder: TestResponder) {
    this.issuing = issuing
    this.responder = responder
    const now = new Date()
    const notAfter = new Date(now.getTime() + 30 * dayMs)
    const issue = (commonName: string) => issuing.issue({ commonName, notAfter, ocspUrls: [responder.url] })
    this.#certificates = {
      acme: issue('acme.example'),
      disabled: issue('disabled.example'),
      revoked: issue('revoked.example'),
      detached: issue('detached.example'),
      stranger: issue('stranger.example'),
    }
    this.#ofUnknownCa = Authority.root({ commonName: 'Unknown CA', now }).issue({ commonName: 'acme.example' })
    const authority = Authority.root({ commonName: 'New CA', now })
    this.newcomer = { authority, certificate: authority.issue({ commonName: 'new.example' }) }
    this.#secret = randomBytes(16).toString('hex')
    secretWatch.add(this.#secret)
    responder.behaviour = this.honest
  }

  static async create(): Promise<Parties> {
    const now = new Date()
    const issuing = Authority.root({ commonName: 'Root CA', now }).issueAuthority({ commonName: 'Issuing CA' })
    return new Parties(issuing, await TestResponder.start())
  }

  /** By a name of ours. */
  get rootPems(): Readonly<Record<string, string>> {
    const last = (pem: string) => pem.slice(pem.lastIndexOf('-----BEGIN'))
    return { root: last(this.issuing.chainPem), newcomer: this.newcomer.authority.chainPem }
  }

  /** What the responder does unless there is something wrong with it. */
  readonly honest: Behaviour = answering((request) => this.answerTo(request, this.issuing))

  /** An answer that `authority` signs, and that `issuing` alone may sign. */
  answerTo({ der }: ReceivedRequest, authority: Authority): Buffer {
    const { acme, revoked, ...others } = this.#certificates
    const asked = [acme, revoked, ...Object.values(others)].find(({ serialNumber }) =>
      der.includes(Buffer.from(serialNumber, 'hex')),
    )
    const thisUpdate = new Date(Math.floor(Date.now() / 1_000) * 1_000)
    return ocspResponse({
      authority,
      certificate: asked ?? acme,
      status: asked === revoked ? 'revoked' : 'good',
      thisUpdate,
      nextUpdate: new Date(thisUpdate.getTime() + this.validityMs),
    })
  }

  /** The DevApp that loses its certificate before the load begins. */
  get detached(): { readonly id: string; readonly certificate: IssuedCertificate } {
    return { id: 'detached', certificate: this.#certificates.detached }
  }

  get certificateCount(): number {
    return this.registrations().reduce((sum, { certificates }) => sum + certificates.length, 0)
  }

  registrations(): readonly Registration[] {
    const { acme, disabled, revoked, detached } = this.#certificates
    return [
      { id: 'acme', certificates: [acme], products: ['data'], clientSecret: this.#secret },
      { id: 'bolt', certificates: [], products: ['data'], clientSecret: `${this.#secret}-of-bolt` },
      { id: 'disabled', certificates: [disabled], products: ['data'], status: 'disabled' },
      { id: 'revoked', certificates: [revoked], products: ['data'] },
      { id: 'detached', certificates: [detached], products: ['data'] },
    ]
  }

  /** Whoever has the ClientSecret of a DevApp, on an API for those. */
  basic(kind: string, clientKey: string, secret: string, isGood = false): Caller {
    const authorization = `Basic ${Buffer.from(`${clientKey}:${secret}`).toString('base64')}`
    return { kind, isGood, sni: tls, path: '/v1/merchant', authorization }
  }

  get callers(): readonly Caller[] {
    const { acme, disabled, revoked, detached, stranger } = this.#certificates
    const over2Way = (kind: string, certificate: IssuedCertificate, path = '/v1/data', isGood = false): Caller => ({
      ...{ kind, isGood, sni: mtls, path, certificate },
    })
    const basic = this.basic('good: Basic', 'acme-key', this.#secret, true)
    const handshake = { isGood: false, sni: mtls, path: '/v1/data', byHandshake: true }
    return [
      over2Way('good: certificate', acme, '/v1/data', true),
      basic,
      { ...over2Way('good: both', acme, '/v1/partner', true), authorization: basic.authorization ?? '' },
      over2Way('bad: unregistered', stranger),
      over2Way('bad: revoked', revoked),
      over2Way('bad: detached', detached),
      over2Way('bad: disabled', disabled),
      over2Way('bad: product not selected', acme, '/v1/accounts'),
      this.basic('bad: wrong secret', 'bolt-key', 'not the secret of bolt'),
      { ...basic, kind: 'bad: no Basic', isGood: false, authorization: '' },
      { kind: 'bad: wrong hostname', isGood: false, sni: tls, path: '/v1/data' },
      { ...handshake, kind: 'bad: no certificate' },
      { ...handshake, kind: 'bad: unknown CA', certificate: this.#ofUnknownCa },
    ]
  }

  async stop(): Promise<void> {
    await this.responder.stop()
  }
}
