import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { parseBasic } from '../../../src/domain/basic.ts'

const vectors = JSON.parse(readFileSync(new URL('../../vectors/basic.json', import.meta.url), 'utf8')) as {
  name: string
  given?: string
  expect: object
}[]

describe('parseBasic (RFC 7617)', () => {
  for (const vector of vectors) {
    it(`reads ${vector.name}`, () => {
      expect(parseBasic(vector.given)).to.deep.equal(vector.expect)
    })
  }

  it('returns what was encoded, for every key without a colon and every secret', () => {
    const text = fc.string({ unit: 'grapheme' }).filter((s) => !/\p{Cc}/u.test(s))
    fc.assert(
      fc.property(
        text.filter((s) => s !== '' && !s.includes(':')),
        text,
        (clientKey, clientSecret) => {
          const header = `Basic ${Buffer.from(`${clientKey}:${clientSecret}`).toString('base64')}`
          expect(parseBasic(header)).to.deep.equal({ status: 'presented', clientKey, clientSecret })
        },
      ),
    )
  })

  it('never throws, and never repeats the value in its cause', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (token) => {
        const parsed = parseBasic(`Basic ${token}`)
        if (parsed.status === 'malformed')
          expect(['not base64', 'not UTF-8', 'no colon', 'empty ClientKey', 'control character']).to.include(
            parsed.cause,
          )
      }),
    )
  })
})
