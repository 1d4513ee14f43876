import { expect } from 'chai'
import fc from 'fast-check'
import { isSameName } from '../../../src/pki/name_match.ts'
import { der, nameDer } from '../../support/pki.ts'

const organization = (value: Uint8Array): string => nameDer(['2.5.4.10', value]).toString('hex')
const bmp = (text: string) => der.tlv(0x1e, Buffer.from(text, 'utf16le').swap16())

/** Whether organizations written so are one (RFC 5280 7.1). */
const same = (a: Uint8Array, b: Uint8Array): boolean => isSameName(organization(a), organization(b))

describe('names', () => {
  it('are equal in whatever string type', () => {
    expect(same(der.printable('Acme'), der.utf8('Acme'))).to.equal(true)
    expect(same(bmp('Äcme'), der.utf8('Äcme'))).to.equal(true)
    expect(same(der.tlv(0x14, Buffer.from('\xc4cme', 'latin1')), der.utf8('Äcme'))).to.equal(true)
  })

  it('are equal in whatever case, also beyond ASCII', () => {
    expect(same(der.utf8('ACME'), der.utf8('acme'))).to.equal(true)
    expect(same(der.utf8('ÄCME STRASSE'), der.utf8('äcme straße'))).to.equal(true)
    expect(same(der.utf8('ΑΣ'), der.utf8('ας'))).to.equal(true)
  })

  it('are equal with superfluous white space', () => {
    expect(same(der.utf8('  Acme \t Oy '), der.utf8('Acme Oy'))).to.equal(true)
    expect(same(der.utf8('Acme\u00a0Oy'), der.utf8('Acme Oy'))).to.equal(true)
    expect(same(der.utf8('AcmeOy'), der.utf8('Acme Oy'))).to.equal(false)
  })

  it('are equal however characters are composed, and with what does not print', () => {
    expect(same(der.utf8('Caf\u00e9'), der.utf8('Cafe\u0301'))).to.equal(true)
    expect(same(der.utf8('Ac\u00adme'), der.utf8('Acme'))).to.equal(true)
    expect(same(der.utf8('Cafe'), der.utf8('Caf\u00e9'))).to.equal(false)
  })

  it('differ in the order and number of their parts, not in the order within one part', () => {
    const country: [string, Uint8Array] = ['2.5.4.6', der.printable('FI')]
    const name: [string, Uint8Array] = ['2.5.4.3', der.utf8('Acme')]
    const attribute = ([oid, value]: [string, Uint8Array]) => der.sequence(der.oid(oid), value)
    const inOne = (...parts: [string, Uint8Array][]) => der.sequence(der.set(...parts.map(attribute))).toString('hex')
    const hex = (...parts: [string, Uint8Array][]) => nameDer(...parts).toString('hex')
    expect(isSameName(inOne(country, name), inOne(name, country))).to.equal(true)
    expect(isSameName(hex(country, name), hex(name, country))).to.equal(false)
    expect(isSameName(hex(country, name), inOne(country, name))).to.equal(false)
    expect(isSameName(hex(country, name), hex(country))).to.equal(false)
    expect(isSameName(hex(country), hex(country, name))).to.equal(false)
  })

  it('are compared octet by octet where a value is no text', () => {
    expect(same(der.octetString(Buffer.from('Acme')), der.octetString(Buffer.from('Acme')))).to.equal(true)
    expect(same(der.octetString(Buffer.from('Acme')), der.octetString(Buffer.from('acme')))).to.equal(false)
    expect(same(der.octetString(Buffer.from('Acme')), der.utf8('Acme'))).to.equal(false)
  })

  it('cannot be mistaken for others by what stands in them', () => {
    const two = nameDer(['2.5.4.10', der.utf8('a')], ['2.5.4.10', der.utf8('b')]).toString('hex')
    expect(isSameName(two, organization(der.utf8('a","2.5.4.10=b')))).to.equal(false)
  })

  it('equal themselves in upper case, whatever they are', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((each) => !each.includes('\0'))
    fc.assert(fc.property(text, (each) => same(der.utf8(each), der.utf8(each.toUpperCase()))))
  })
})
