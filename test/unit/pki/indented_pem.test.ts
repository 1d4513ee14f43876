import { expect } from 'chai'
import fc from 'fast-check'
import { dersFromPem } from '../../../src/pki/certificate.ts'
import { readIndentedPem } from '../../../src/pki/indented_pem.ts'

const pemOf = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
const room = Buffer.alloc(2_048)

/** The octets, where the block can be read; it begins behind `before`. */
function read(pem: string, indent: number, before = ''): Buffer | undefined {
  const text = pem.replace(/^(?=.)/gm, ' '.repeat(indent))
  const block = readIndentedPem(Buffer.from(before + text), before.length, indent, room, 3)
  if (block === undefined) return undefined
  expect(block.end).to.equal(before.length + text.length)
  return Buffer.from(room.subarray(3, block.freeAt))
}

describe('an indented block of PEM', () => {
  it('holds what was written into it, however long it is and far it is indented', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(12), fc.nat(5), (der, indent, before) => {
        expect(read(pemOf(der), indent, 'x'.repeat(before))).to.deep.equal(Buffer.from(der))
      }),
    )
  })

  it('is what PEM read as a text holds, or nothing, after any edit of one character', () => {
    const edit = fc.tuple(
      fc.nat({ max: 400 }),
      fc.nat({ max: 2 }),
      fc.constantFrom('', '\n', ' ', '=', '-', '_', 'A', 'é'),
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), edit, (der, [at, removed, added]) => {
        const pem = pemOf(der)
        const edited = pem.slice(0, at) + added + pem.slice(at + removed)
        const block = readIndentedPem(Buffer.from(edited), 0, 0, room)
        if (block === undefined) return
        const [first] = dersFromPem(edited)
        expect(Buffer.from(room.subarray(0, block.freeAt)), edited).to.deep.equal(first)
      }),
      { numRuns: 500 },
    )
  })

  it('is not read where its last bits stand for nothing, and where there is no room', () => {
    expect(read('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n', 2)).to.deep.equal(Buffer.from([0]))
    expect(read('-----BEGIN CERTIFICATE-----\nAB==\n-----END CERTIFICATE-----\n', 2)).to.equal(undefined)
    expect(read('-----BEGIN CERTIFICATE-----\nAAB=\n-----END CERTIFICATE-----\n', 2)).to.equal(undefined)
    expect(read(pemOf(Buffer.alloc(2_046)), 0)).to.equal(undefined)
  })

  it('is read whatever the length of its last line, and not in another alphabet', () => {
    for (let length = 1; length < 100; length++)
      expect(read(pemOf(Buffer.alloc(length, 0xff)), 10), String(length)).to.deep.equal(Buffer.alloc(length, 0xff))
    for (const character of ['-', '_', ' ', 'é'])
      expect(read(pemOf(Buffer.alloc(100, 0xff)).replace('//', `/${character}`), 10), character).to.equal(undefined)
  })

  it('is not read without its end, nor with lines that are indented otherwise', () => {
    const pem = pemOf(Buffer.alloc(100, 7))
    expect(read(pem.replace(/-----END.*\n/, ''), 2)).to.equal(undefined)
    expect(readIndentedPem(Buffer.from(pem), 0, 2, room)).to.equal(undefined)
    expect(readIndentedPem(Buffer.from(` ${pem}`), 0, 0, room)).to.equal(undefined)
  })
})
