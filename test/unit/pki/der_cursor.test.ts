import { expect } from 'chai'
import fc from 'fast-check'
import { DerError, readDer, tag } from '../../../src/pki/der.ts'
import { DerCursor } from '../../../src/pki/der_cursor.ts'
import { der } from '../../support/pki.ts'

describe('a cursor over DER', () => {
  it('walks over elements in order, and into them', () => {
    const bytes = der.sequence(der.integer('05'), der.sequence(der.null()), der.octetString(Buffer.alloc(300)))
    const whole = new DerCursor(bytes, 'a list')
    whole.next(tag.sequence)
    whole.finish()
    const fields = whole.inside('its fields')
    expect(fields.optional(tag.boolean)).to.equal(false)
    fields.next(tag.integer)
    expect(Buffer.from(fields.contents()).toString('hex')).to.equal('05')
    fields.next(tag.sequence)
    expect(fields.element().children).to.have.length(1)
    fields.next(tag.octetString)
    expect(fields.bytes()).to.have.length(304)
    expect(fields.hasNext).to.equal(false)
    expect(() => fields.next(tag.null)).to.throw(DerError, 'its fields')
  })

  it('refuses fields that are left, and does not move at another tag', () => {
    const fields = new DerCursor(Buffer.concat([der.null(), der.boolean(true)]), 'fields')
    fields.next(tag.null)
    expect(() => fields.finish()).to.throw(DerError, 'unexpected field')
    expect(() => fields.next(tag.null)).to.throw(DerError, 'expected tag 0x5')
    fields.next(tag.boolean)
    fields.finish()
  })

  it('refuses a field that ends outside its container, though not outside the bytes', () => {
    const overlong = Buffer.of(tag.sequence, 3, tag.octetString, 2, 0)
    const whole = new DerCursor(Buffer.concat([overlong, der.null()]), 'a list')
    whole.next(tag.sequence)
    expect(() => whole.inside('its fields').next(tag.octetString)).to.throw(DerError, 'ends outside its container')
    whole.next(tag.null)
    whole.over(0, overlong.length)
    expect(whole.optional(tag.sequence)).to.equal(true)
    expect(whole.hasNext).to.equal(false)
  })

  const lengths: [string, number[]][] = [
    ['none', [0x04]],
    ['indefinite', [0x04, 0x80, 0, 0]],
    ['not the shortest in one octet', [0x04, 0x81, 0x01, 0]],
    ['not the shortest in two', [0x04, 0x82, 0x00, 0x80, ...Array(128).fill(0)]],
    ['of five octets', [0x04, 0x85, 0, 0, 0, 0, 1, 0]],
    ['cut short', [0x04, 0x82, 0x01]],
    ['beyond the end', [0x04, 0x02, 0]],
    ['far beyond the end', [0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 0]],
  ]
  for (const [what, octets] of lengths) {
    it(`refuses a length that is ${what}, as readDer does`, () => {
      const bytes = Buffer.from(octets)
      expect(() => new DerCursor(bytes, 'x').next(tag.octetString)).to.throw(DerError)
      expect(() => readDer(bytes)).to.throw(DerError)
    })
  }

  it('sees one element where readDer sees one, and none where it sees none', () => {
    const header = fc.tuple(fc.constant(tag.octetString), fc.uint8Array({ maxLength: 6 }), fc.nat(300))
    let read = 0
    fc.assert(
      fc.property(header, ([identifier, octets, contents]) => {
        const bytes = Buffer.concat([Buffer.of(identifier), octets, Buffer.alloc(contents)])
        expect(isOneByCursor(bytes)).to.equal(isOneByTree(bytes))
        for (const length of [0, 1, 127, 128, 255, 256, contents]) {
          const good = der.octetString(Buffer.alloc(length))
          if (isOneByCursor(good) && isOneByTree(good)) read++
        }
      }),
      { numRuns: 500 },
    )
    expect(read).to.equal(3_500)
  })
})

function isOneByCursor(bytes: Uint8Array): boolean {
  return succeeds(() => {
    const cursor = new DerCursor(bytes, 'x')
    cursor.next(tag.octetString)
    cursor.finish()
  })
}

const isOneByTree = (bytes: Uint8Array): boolean => succeeds(() => readDer(bytes))

function succeeds(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (cause) {
    if (cause instanceof DerError) return false
    throw cause
  }
}
