import { expect } from 'chai'
import { DerError, readDer } from '../../../src/pki/der.ts'
import {
  bitStringOf,
  booleanOf,
  certificateTimeOf,
  generalizedTimeOf,
  hasBit,
  integerHexOf,
  octetStringOf,
  oidOf,
  smallNumberOf,
  wholeOctetsOf,
} from '../../../src/pki/der_values.ts'
import { der } from '../../support/pki.ts'

const read = (hex: string) => readDer(Buffer.from(hex, 'hex'))
const time = (type: number, text: string) => readDer(der.tlv(type, Buffer.from(text, 'latin1')))
const utcTime = (text: string) => time(0x17, text)
const generalizedTime = (text: string) => time(0x18, text)

describe('oidOf (X.690 8.19)', () => {
  const cases: [string, string][] = [
    ['0603550403', '2.5.4.3'],
    ['06072a8648ce3d0201', '1.2.840.10045.2.1'],
    ['060100', '0.0'],
    ['060127', '0.39'],
    ['06014f', '1.39'],
    ['060150', '2.0'],
    ['06028837', '2.999'],
    ['060604008e460102', '0.4.0.1862.1.2'],
    // X.667: the arc of a UUID has 128 bits
    ['06146983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776', '2.25.329800735698586629295641978511506172918'],
  ]
  for (const [hex, oid] of cases) {
    it(`reads ${oid}`, () => expect(oidOf(read(hex))).to.equal(oid))
  }
})

describe('integers (X.690 8.3)', () => {
  it('keeps the sign octet, so that 8001 and 008001 differ', () => {
    expect(integerHexOf(read('02028001'))).to.equal('8001')
    expect(integerHexOf(read('0203008001'))).to.equal('008001')
  })

  it('reads small numbers and enumerated ones', () => {
    expect(smallNumberOf(read('020100'))).to.equal(0)
    expect(smallNumberOf(read('02047fffffff'))).to.equal(2 ** 31 - 1)
    expect(smallNumberOf(read('0a0106'), 0x0a)).to.equal(6)
  })

  it('refuses negative and large ones as small numbers', () => {
    expect(() => smallNumberOf(read('0201ff'))).to.throw(DerError)
    expect(() => smallNumberOf(read('02050080000000'))).to.throw(DerError)
  })
})

describe('bit strings (X.690 8.6)', () => {
  it('gives the octets without the count of unused bits', () => {
    const { octets, unusedBits } = bitStringOf(read('0303060a40'))
    expect([Buffer.from(octets).toString('hex'), unusedBits]).to.deep.equal(['0a40', 6])
  })

  it('refuses a key or a signature that is not whole octets', () => {
    expect(wholeOctetsOf(read('030300abcd'))).to.have.length(2)
    expect(() => wholeOctetsOf(read('0303060a40'))).to.throw(DerError)
  })

  it('counts named bits from the most significant one, and those not written as unset', () => {
    const usage = read('03020780')
    expect([0, 1, 7, 8, 100].map((bit) => hasBit(usage, bit))).to.deep.equal([true, false, false, false, false])
    expect(hasBit(read('0303070080'), 8)).to.equal(true)
  })
})

describe('GeneralizedTime (RFC 5280 4.1.2.5.2)', () => {
  it('reads seconds in Z', () => {
    expect(generalizedTimeOf(generalizedTime('20260615120000Z'))).to.deep.equal(new Date('2026-06-15T12:00:00Z'))
    expect(generalizedTimeOf(generalizedTime('99991231235959Z'))).to.deep.equal(new Date('9999-12-31T23:59:59Z'))
    expect(generalizedTimeOf(generalizedTime('20240229000000Z'))).to.deep.equal(new Date('2024-02-29T00:00:00Z'))
  })

  for (const text of [
    ...['20260615120000.5Z', '20260615120000.Z', '20260615120000', '20260615120000+0200', '202606151200Z'],
    ...[
      '20260230120000Z',
      '20250229120000Z',
      '20261301000000Z',
      '20260615240000Z',
      '20260615126000Z',
      '20260615120060Z',
    ],
    ...['20260615120000z', ' 20260615120000Z', '20260615120000Z\n', '2026061512000AZ', ''],
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      expect(() => generalizedTimeOf(generalizedTime(text))).to.throw(DerError))
  }
})

describe('certificateTimeOf (RFC 5280 4.1.2.5)', () => {
  it('reads UTCTime around its pivot year, and GeneralizedTime', () => {
    expect(certificateTimeOf(utcTime('491231235959Z'))).to.deep.equal(new Date('2049-12-31T23:59:59Z'))
    expect(certificateTimeOf(utcTime('500101000000Z'))).to.deep.equal(new Date('1950-01-01T00:00:00Z'))
    expect(certificateTimeOf(generalizedTime('20500101000000Z'))).to.deep.equal(new Date('2050-01-01T00:00:00Z'))
  })

  for (const text of ['2606151200Z', '260615120000+0000', '260231120000Z', '']) {
    it(`refuses UTCTime ${JSON.stringify(text)}`, () =>
      expect(() => certificateTimeOf(utcTime(text))).to.throw(DerError))
  }
})

describe('an element of another type', () => {
  it('is refused by every reader, as is an absent one', () => {
    const sequence = readDer(der.sequence())
    const readers = [oidOf, integerHexOf, smallNumberOf, booleanOf, octetStringOf, bitStringOf, generalizedTimeOf]
    for (const reader of [...readers, certificateTimeOf]) {
      expect(() => reader(sequence), reader.name).to.throw(DerError)
      expect(() => reader(undefined), reader.name).to.throw(DerError)
    }
  })
})
