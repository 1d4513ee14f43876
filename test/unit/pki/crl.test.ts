import { expect } from 'chai'
import { readCrl } from '../../../src/pki/crl.ts'
import { DerError } from '../../../src/pki/der.ts'
import { type CrlOptions, crl, crlEntry } from '../../support/crl.ts'
import { der, fixedNow } from '../../support/pki.ts'
import { authority, outcome, outcomeOf, verified } from './crl_fixture.ts'

const written = (options: Partial<CrlOptions> = {}): Buffer => crl({ issuer: authority.certificate, ...options })

describe('reading a CRL (RFC 5280 5.1)', () => {
  it('gives its parts as views of the bytes, entries unread', () => {
    const bytes = written({ revoked: [{ serialNumber: '01' }] })
    const list = readCrl(bytes)
    expect(list).to.deep.include({ version: 2, issuerDer: authority.certificate.subjectDer.toString('hex') })
    expect(list.revokedCertificates).to.deep.equal(new Uint8Array(crlEntry({ serialNumber: '01' })))
    expect(list.revokedCertificates.buffer).to.equal(bytes.buffer)
    expect([...list.extensions.keys()]).to.deep.equal(['2.5.29.20'])
  })

  it('takes times in either form (5.1.2.4)', () => {
    const thisUpdate = new Date('2049-12-31T23:59:59Z')
    const nextUpdate = new Date('2050-01-01T00:00:00Z')
    expect(readCrl(written({ thisUpdate, nextUpdate }))).to.deep.include({ thisUpdate, nextUpdate })
  })

  const [tbs, ...rest] = partsOf(written())
  const others: [string, Uint8Array][] = [
    ['nothing', Buffer.of()],
    ['rubbish', Buffer.from('<html>')],
    ['PEM', Buffer.from('-----BEGIN X509 CRL-----')],
    ['a certificate', authority.certificate.der],
    ['bytes after the end', Buffer.concat([written(), Buffer.of(0)])],
    ['a field after the signature', der.sequence(tbs!, ...rest, der.null())],
    ['no signature', der.sequence(tbs!, rest[0]!)],
    ['a length that is not minimal', Buffer.concat([Buffer.of(0x30, 0x83, 0x00), written().subarray(2)])],
    ['an indefinite length', Buffer.concat([Buffer.of(0x30, 0x80), written().subarray(3), Buffer.of(0, 0)])],
    ['a length of five octets', Buffer.concat([Buffer.of(0x30, 0x85, 0, 0, 0, 0), written()])],
    ['a name that is none', written({ issuer: { ...authority.certificate, subjectDer: der.sequence(der.null()) } })],
  ]
  for (const [what, bytes] of others) {
    it(`refuses ${what}`, () => {
      expect(() => readCrl(bytes)).to.throw(DerError)
      expect(outcomeOf(bytes)).to.equal('malformed')
    })
  }
})

describe('reading the entries of a CRL (RFC 5280 5.1.2.6)', () => {
  const serial = der.integer('01')
  const time = der.time(fixedNow)
  const utcTime = (text: string): Buffer => der.tlv(0x17, Buffer.from(text))
  const outcomeOfEntry = (...fields: Uint8Array[]): string =>
    outcome({ entries: Buffer.concat([crlEntry({ serialNumber: '05' }), der.sequence(...fields)]) })

  it('takes serial numbers of up to 64 octets, as they are encoded', () => {
    const serials = ['00', '7f', '80', '0080', 'ff7f', '01'.repeat(20), '01'.repeat(21), '01'.repeat(64)]
    const { revoked } = verified({ revoked: serials.map((serialNumber) => ({ serialNumber })) })
    expect(revoked.size).to.equal(serials.length)
    for (const serialNumber of serials) expect(revoked.find(serialNumber), serialNumber).to.not.equal(undefined)
    expect(revoked.find('01'.repeat(19))).to.equal(undefined)
    expect(revoked.find('')).to.equal(undefined)
    expect(outcomeOfEntry(der.integer('01'.repeat(65)), time)).to.equal('malformed')
  })

  it('takes a serial number that stands twice, and tells what stands first', () => {
    const { revoked } = verified({
      revoked: [{ serialNumber: '05', reason: 1 }, { serialNumber: '05', reason: 4 }, { serialNumber: '06' }],
    })
    expect(revoked.size).to.equal(2)
    expect(revoked.find('05')?.reasonCode).to.equal(1)
    expect(revoked.find('06')).to.not.equal(undefined)
  })

  it('reads dates as they are read elsewhere', () => {
    const dates = ['1950-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z', '2000-02-29T12:00:00Z']
    const later = ['2026-06-15T12:34:56Z', '2038-01-19T03:14:08Z', '2049-12-31T23:59:59Z', '9999-12-31T23:59:59Z']
    for (const date of [...dates, ...later]) {
      const revokedAt = new Date(date)
      const { revoked } = verified({ revoked: [{ serialNumber: '05', revokedAt }] })
      expect(revoked.find('05')?.revokedAt, date).to.deep.equal(revokedAt)
    }
  })

  const malformed: [string, Uint8Array[]][] = [
    ['no fields', []],
    ['no date', [serial]],
    ['no serial number', [time]],
    ['an empty serial number', [der.tlv(0x02), time]],
    ['a serial number with a superfluous octet', [der.integer('0001'), time]],
    ['a negative one with a superfluous octet', [der.integer('ff80'), time]],
    ['a field too many', [serial, time, der.sequence(), der.null()]],
    ['a month that does not exist', [serial, utcTime('261315120000Z')]],
    ['a day that does not exist', [serial, utcTime('260229120000Z')]],
    ['an hour that does not exist', [serial, utcTime('260215240000Z')]],
    ['a time without seconds', [serial, utcTime('2606151200Z')]],
    ['a time in another zone', [serial, utcTime('260615120000+')]],
    ['a time with other characters', [serial, utcTime('26061512000:Z')]],
    ['a time with fractions', [serial, der.tlv(0x18, Buffer.from('20260615120000.5Z'))]],
    ['extensions that are none', [serial, time, der.sequence(der.null())]],
    [
      'an extension twice',
      [serial, time, der.sequence(...Array(2).fill(der.sequence(der.oid('1.2.3'), der.octetString(der.null()))))],
    ],
    [
      'a reason that is no ENUMERATED',
      [serial, time, der.sequence(der.sequence(der.oid('2.5.29.21'), der.octetString(der.integer('01'))))],
    ],
  ]
  for (const [what, fields] of malformed) {
    it(`refuses ${what}`, () => expect(outcomeOfEntry(...fields)).to.equal('malformed'))
  }

  it('refuses what is no SEQUENCE, and one that ends outside the list', () => {
    expect(outcomeOfEntry(serial, time)).to.equal('verified')
    expect(outcome({ entries: der.null() })).to.equal('malformed')
    const entry = crlEntry({ serialNumber: '05' })
    expect(outcome({ entries: entry.subarray(0, entry.length - 1) })).to.equal('malformed')
    const inner = Buffer.from(entry)
    inner.writeUInt8(inner.readUInt8(3) + 40, 3)
    expect(outcome({ entries: Buffer.concat([inner, entry, entry]) }), 'a field outside its entry').to.equal(
      'malformed',
    )
  })
})

/** The elements of a SEQUENCE. */
function partsOf(sequence: Buffer): Buffer[] {
  const parts: Buffer[] = []
  const header = (at: number): [number, number] => {
    const first = sequence.readUInt8(at + 1)
    const octets = first < 0x80 ? 0 : first & 0x7f
    return [at + 2 + octets, octets === 0 ? first : sequence.readUIntBE(at + 2, octets)]
  }
  for (let [at] = header(0); at < sequence.length; ) {
    const [contentsAt, length] = header(at)
    parts.push(sequence.subarray(at, contentsAt + length))
    at = contentsAt + length
  }
  return parts
}
