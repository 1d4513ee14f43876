import { expect } from 'chai'
import { allRows } from '../faults/rows/all.ts'
import { runRows } from '../faults/suite.ts'

const rows = allRows.filter(({ short }) => short === true)

/** The part of `npm run test:faults` that is short enough to run each time. */
describe('faults under load, with good and bad callers', function () {
  this.timeout(240_000)
  const results = runRows(rows)
  after(() => results.return(undefined))

  for (const { fault } of rows)
    it(`${fault}: nobody gets in, nothing is lost, and all is well again by itself`, async () => {
      const { value } = await results.next()
      expect(value).to.include({ fault, wronglyAllowed: 0, wronglyRefused: 0 })
      expect(value?.failures).to.deep.equal([])
    })
})
