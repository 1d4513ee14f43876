import { expect } from 'chai'
import fc from 'fast-check'
import { DerError, explicitValue, Fields, readDer, tag } from '../../../src/pki/der.ts'
import { der } from '../../support/pki.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex')
const nested = (depth: number): Buffer => (depth === 1 ? der.sequence() : der.sequence(nested(depth - 1)))

describe('readDer', () => {
  it('gives tag, whole encoding, contents and children', () => {
    const element = readDer(bytes('30 06 02 01 05 04 01 ff'))
    expect(element).to.include({ tag: tag.sequence })
    expect(Buffer.from(element.bytes).toString('hex')).to.equal('30060201050401ff')
    expect(element.children.map((child) => [child.tag, Buffer.from(child.contents).toString('hex')])).to.deep.equal([
      [tag.integer, '05'],
      [tag.octetString, 'ff'],
    ])
  })

  it('leaves what is inside an OCTET STRING unread', () => {
    expect(readDer(bytes('04 02 30 80')).children).to.deep.equal([])
  })

  const refused: [string, string][] = [
    ['nothing (X.690 8.1)', ''],
    ['a tag without a length (X.690 8.1.3)', '30'],
    ['contents that end early (X.690 8.1.4)', '04 02 00'],
    ['a child longer than its container', '30 03 04 02 00'],
    ['bytes after the end', '05 00 00'],
    ['a second element after the end', '05 00 05 00'],
    ['the indefinite length (X.690 10.1)', '30 80 05 00 00 00'],
    ['a long length that fits the short form (X.690 10.1)', '04 81 01 00'],
    ['a length with a leading zero octet (X.690 10.1)', `04 82 00 80 ${'00'.repeat(128)}`],
    ['the reserved length 0xff (X.690 8.1.3.5)', '04 ff 00'],
    ['a length of five octets', '04 85 01 00 00 00 00'],
    ['end-of-contents (X.690 8.1.5)', '00 00'],
    ['a constructed OCTET STRING (X.690 10.2)', '24 03 04 01 00'],
    ['a constructed UTF8String (X.690 10.2)', '2c 03 0c 01 41'],
    ['a primitive SEQUENCE (X.690 8.9.1)', '10 00'],
    ['a BOOLEAN that is neither 00 nor ff (X.690 11.1)', '01 01 01'],
    ['a BOOLEAN of two octets (X.690 8.2.1)', '01 02 ff ff'],
    ['an empty INTEGER (X.690 8.3.1)', '02 00'],
    ['a positive INTEGER with a needless octet (X.690 8.3.2)', '02 02 00 7f'],
    ['a negative INTEGER with a needless octet (X.690 8.3.2)', '02 02 ff 80'],
    ['a NULL with contents (X.690 8.8.2)', '05 01 00'],
    ['an empty OBJECT IDENTIFIER (X.690 8.19.2)', '06 00'],
    ['an OBJECT IDENTIFIER that ends inside an arc (X.690 8.19.2)', '06 02 2a 86'],
    ['an OBJECT IDENTIFIER with a padded arc (X.690 8.19.2)', '06 03 2a 80 01'],
    ['a BIT STRING without its first octet (X.690 8.6.2)', '03 00'],
    ['a BIT STRING with eight unused bits (X.690 8.6.2)', '03 02 08 00'],
    ['unused bits in an empty BIT STRING (X.690 8.6.2)', '03 01 01'],
    ['a BIT STRING whose unused bits are set (X.690 11.2.1)', '03 02 01 01'],
    ['a tag number above 30, which nothing here uses', '1f 1f 00'],
  ]
  for (const [what, hex] of refused) {
    it(`refuses ${what}`, () => expect(() => readDer(bytes(hex))).to.throw(DerError))
  }

  const accepted: [string, string][] = [
    ['a long form where it is needed', `04 81 80 ${'00'.repeat(128)}`],
    ['INTEGERs with the octet that their sign needs', '30 08 02 02 00 80 02 02 ff 7f'],
    ['zero', '02 01 00'],
    ['an empty BIT STRING', '03 01 00'],
    ['an empty SEQUENCE', '30 00'],
  ]
  for (const [what, hex] of accepted) {
    it(`accepts ${what}`, () => expect(Buffer.from(readDer(bytes(hex)).bytes)).to.deep.equal(bytes(hex)))
  }

  it('refuses nesting deeper than 32, however deep it goes', () => {
    expect(readDer(nested(32)).tag).to.equal(tag.sequence)
    expect(() => readDer(nested(33))).to.throw(DerError, 'deeper')
    expect(() => readDer(bytes('3080'.repeat(30_000)))).to.throw(DerError)
    expect(() => readDer(nested(2_000))).to.throw(DerError, 'deeper')
  })

  it('refuses more than 64 KiB, unless more is allowed', () => {
    const large = der.octetString(Buffer.alloc(65_536))
    expect(() => readDer(large)).to.throw(DerError, '65536')
    expect(readDer(large, large.length).contents).to.have.length(65_536)
    expect(readDer(der.octetString(Buffer.alloc(65_532))).bytes).to.have.length(65_536)
  })

  it('reads a view that does not begin at the start of its buffer', () => {
    const view = Buffer.concat([bytes('ff ff'), bytes('30 03 02 01 07'), bytes('ff')]).subarray(2, 7)
    expect(readDer(view).children[0]?.contents[0]).to.equal(7)
  })

  it('either refuses with a DerError or accounts for every byte', () => {
    const inner = (element: ReturnType<typeof readDer>): Buffer =>
      element.children.length > 0
        ? der.tlv(element.tag, ...element.children.map(inner))
        : der.tlv(element.tag, element.contents)
    const mostlyDer = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc
        .array(fc.tuple(fc.constantFrom(1, 2, 3, 4, 5, 6, 0x30, 0x31, 0xa0), fc.uint8Array({ maxLength: 8 })), {
          maxLength: 6,
        })
        .map((parts) => der.sequence(...parts.map(([type, contents]) => der.tlv(type, contents)))),
    )
    let read = 0
    fc.assert(
      fc.property(mostlyDer, (input) => {
        try {
          const element = readDer(input)
          read++
          expect(inner(element)).to.deep.equal(Buffer.from(input))
        } catch (error) {
          if (!(error instanceof DerError)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
    expect(read).to.be.greaterThan(20)
  })
})

describe('Fields', () => {
  const pair = readDer(der.sequence(der.smallInteger(1), der.null()))

  it('takes fields in order, and leaves an optional one that is not there', () => {
    const fields = new Fields(pair, 'Pair')
    expect(fields.optional(tag.context(0))).to.equal(undefined)
    expect(fields.next(tag.integer).contents[0]).to.equal(1)
    expect(fields.any().tag).to.equal(tag.null)
    fields.end()
  })

  it('refuses another structure, and names it', () => {
    expect(() => new Fields(readDer(der.null()), 'Pair')).to.throw(DerError, 'Pair')
    expect(() => new Fields(undefined, 'Pair')).to.throw(DerError, 'Pair')
    expect(() => new Fields(pair, 'Pair').next(tag.oid)).to.throw(DerError, 'Pair')
    expect(() => new Fields(pair, 'Pair').end()).to.throw(DerError, 'Pair')
    expect(() => new Fields(pair, 'Pair').last()).to.throw(DerError, 'Pair')
    expect(() => new Fields(readDer(der.sequence()), 'Pair').any()).to.throw(DerError, 'Pair')
  })

  it('gives the last field, or that there is none', () => {
    expect(new Fields(readDer(der.sequence(der.null())), 'One').last()?.tag).to.equal(tag.null)
    expect(new Fields(readDer(der.sequence()), 'None').last()).to.equal(undefined)
  })
})

describe('explicitValue', () => {
  it('gives the one element inside, and refuses none and two', () => {
    expect(explicitValue(readDer(der.explicit(0, der.null()))).tag).to.equal(tag.null)
    expect(() => explicitValue(readDer(der.explicit(0)))).to.throw(DerError)
    expect(() => explicitValue(readDer(der.explicit(0, der.null(), der.null())))).to.throw(DerError)
  })
})
