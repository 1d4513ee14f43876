import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { denials, gatewayDenials } from '../../src/domain/denials.ts'
import { provokedCodes } from '../support/provoked_codes.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join(folder, file))
const catalogue = Object.keys({ ...denials, ...gatewayDenials }).sort()

/** Every test of a suite, and of those in it. */
const testsIn = (suite: Mocha.Suite): Mocha.Test[] => [...suite.tests, ...suite.suites.flatMap(testsIn)]

/** Mocha runs files in the order of their names: all that stand before this one have stopped their gateways. */
describe('the access logs of the real Envoys', () => {
  it('hold no code that is not in the catalogue', () => {
    expect(provokedCodes().filter((code) => code !== 'allow' && !catalogue.includes(code))).to.deep.equal([])
  })

  it('hold every code of the catalogue', function () {
    const { suites = [] } = topOf(this.test?.parent)
    const ran = suites.filter(({ file }) => files.includes(file ?? ''))
    const others = ran.flatMap(testsIn).filter((test) => test !== this.test)
    const areAll = new Set(ran.map(({ file }) => file)).size === files.length
    // Where only some of the tests were asked for, some codes are missing.
    if (!areAll || others.some((test) => test.state === undefined && !test.isPending())) return this.skip()
    expect(provokedCodes().filter((code) => code !== 'allow')).to.deep.equal(catalogue)
  })
})

function topOf(suite: Mocha.Suite | undefined): Partial<Mocha.Suite> {
  return suite?.parent === undefined ? (suite ?? {}) : topOf(suite.parent)
}
