import { expect } from 'chai'
import type { DiscoveryRequest__Output } from '../../../src/envoy/generated/envoy/service/discovery/v3/DiscoveryRequest.ts'
import { SdsStream } from '../../../src/envoy/sds_stream.ts'

const truststore = (version: string) => ({ version, authorities: 1, pem: `PEM of ${version}` })

/** A stream, and what became of it: `version#nonce` for each answer, and what the observer was told. */
class Opened {
  version: string | undefined
  readonly sent: string[] = []
  readonly told: unknown[] = []
  readonly #stream: SdsStream

  constructor(version?: string) {
    this.version = version
    this.#stream = new SdsStream({
      current: () => (this.version === undefined ? undefined : truststore(this.version)),
      send: ({ version }, nonce) => this.sent.push(`${version}#${nonce}`),
      observer: {
        onOpened: (opened) => this.told.push({ opened }),
        onAccepted: ({ version }) => this.told.push({ accepted: version }),
        onRejected: ({ version }, reason) => this.told.push({ rejected: version, reason }),
        onUnknown: (unknown) => this.told.push({ unknown }),
      },
    })
  }

  change(version: string): void {
    this.version = version
    this.#stream.push()
  }

  request(more: Partial<DiscoveryRequest__Output> = {}): void {
    this.#stream.receive({
      version_info: '',
      node: null,
      resource_names: ['truststore'],
      type_url: '',
      response_nonce: '',
      error_detail: null,
      resource_locators: [],
      ...more,
    })
  }

  ack(nonce: string, more: Partial<DiscoveryRequest__Output> = {}): void {
    this.request({ response_nonce: nonce, ...more })
  }

  nack(nonce: string, message: string): void {
    this.ack(nonce, { error_detail: { code: 13, message, details: [] } })
  }
}

describe("a stream of Envoy's for its trust store", () => {
  it('answers the subscription, and nothing more while nothing changes', () => {
    const opened = new Opened('a')
    opened.request({ node: { id: 'gateway' } as never })
    expect(opened.sent).to.deep.equal(['a#1'])
    opened.ack('1')
    opened.change('a')
    expect(opened.sent).to.deep.equal(['a#1'])
    expect(opened.told).to.deep.equal([{ opened: 'gateway' }, { accepted: 'a' }])
  })

  it('pushes a change', () => {
    const opened = new Opened('a')
    opened.request()
    opened.ack('1')
    opened.change('b')
    expect(opened.sent).to.deep.equal(['a#1', 'b#2'])
  })

  it('answers nothing until there is a trust store, and then at once', () => {
    const opened = new Opened()
    opened.request()
    expect(opened.sent).to.deep.equal([])
    opened.change('a')
    expect(opened.sent).to.deep.equal(['a#1'])
  })

  it('pushes nothing to an Envoy that has not asked yet', () => {
    const opened = new Opened('a')
    opened.change('b')
    expect(opened.sent).to.deep.equal([])
  })

  it('has one answer under way, and sends a slow Envoy only the newest after it', () => {
    const opened = new Opened('a')
    opened.request()
    for (const version of ['b', 'c', 'd']) opened.change(version)
    expect(opened.sent).to.deep.equal(['a#1'])
    opened.ack('1')
    expect(opened.sent).to.deep.equal(['a#1', 'd#2'])
  })

  it('does not send again what the Envoy rejected, until it changes', () => {
    const opened = new Opened('bad')
    opened.request()
    opened.nack('1', 'Failed to load trusted CA certificates')
    opened.ack('1')
    opened.change('bad')
    expect(opened.sent).to.deep.equal(['bad#1'])
    expect(opened.told.slice(1)).to.deep.equal([{ rejected: 'bad', reason: 'Failed to load trusted CA certificates' }])
    opened.change('mended')
    expect(opened.sent).to.deep.equal(['bad#1', 'mended#2'])
  })

  it("says why the Envoy rejected it, without the PEM, line breaks or length of the Envoy's words", () => {
    const opened = new Opened('a')
    opened.request()
    opened.nack('1', `Failed\nto load -----BEGIN CERTIFICATE-----\n${'A'.repeat(9_000)}`)
    opened.change('b')
    opened.nack('2', 'x'.repeat(9_000))
    expect(opened.told.slice(1)).to.deep.equal([
      { rejected: 'a', reason: 'Failed to load (PEM)' },
      { rejected: 'b', reason: 'x'.repeat(512) },
    ])
  })

  it('takes the word on an older answer for none', () => {
    const opened = new Opened('a')
    opened.request()
    opened.ack('1')
    opened.change('b')
    opened.nack('1', 'late')
    opened.ack('')
    opened.change('c')
    expect(opened.sent).to.deep.equal(['a#1', 'b#2'])
    expect(opened.told.slice(1)).to.deep.equal([{ accepted: 'a' }])
  })

  it('answers the first request of a new stream, whatever an earlier stream had', () => {
    const opened = new Opened('a')
    opened.request({ version_info: 'a', response_nonce: '7' })
    expect(opened.sent).to.deep.equal(['a#1'])
  })

  it('sends it anew to an Envoy that had let go of it', () => {
    const opened = new Opened('a')
    opened.request()
    opened.ack('1', { resource_names: [] })
    opened.change('b')
    expect(opened.sent).to.deep.equal(['a#1'])
    opened.ack('1')
    opened.ack('2', { resource_names: [] })
    opened.ack('2')
    expect(opened.sent).to.deep.equal(['a#1', 'b#2', 'b#3'])
  })

  it('answers nothing for secrets that are not served, and says so once', () => {
    const opened = new Opened('a')
    opened.request({ resource_names: ['other\n', 'x'.repeat(100)] })
    opened.request({ resource_names: ['other\n', 'x'.repeat(100)] })
    expect(opened.sent).to.deep.equal([])
    expect(opened.told.slice(1)).to.deep.equal([{ unknown: ['other ', 'x'.repeat(64)] }])
    opened.request({ resource_names: ['other\n', 'truststore'] })
    expect(opened.sent).to.deep.equal(['a#1'])
  })
})
