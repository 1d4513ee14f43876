import { expect } from 'chai'
import { checkNames } from '../../src/domain/judge.ts'
import { Copy, filesWithin, read } from './copy.ts'
import { TestProcess } from './test_process.ts'

const tests = ['judge', 'details', 'examine'].map((name) => `test/unit/domain/${name}.test.ts`)
const judge = 'src/domain/judge.ts'

/** The short version of `npm run mutate`: the table of checks, without each of them in turn. */
describe('the unit tests of src/domain', function () {
  this.timeout(120_000)
  let copy: Copy
  let loaded: TestProcess
  const titles: string[] = []

  before(async () => {
    copy = new Copy('checks', [
      'package.json',
      'tsconfig.json',
      ...filesWithin('src', 'test/support', 'test/unit/domain', 'test/mutation', 'test/vectors'),
    ])
    // The table as it is, but for the check that is named from outside.
    const altered = read(judge).replace(
      /^const checks = (\[[\s\S]*?^\]) as const .*$/m,
      'const table: any = $1\nconst checks: any = new Proxy(table, { get: (all, key) => Reflect.get(all.filter(({ name }: any) => name !== (globalThis as any).__stryker__?.activeMutant), key) })',
    )
    expect(altered).to.include('new Proxy(table')
    copy.write(judge, altered)
    loaded = new TestProcess(copy)
    expect((await loaded.ask({ load: tests }, 60_000)).failed).to.deep.equal([])
    const all = await loaded.ask({ run: {} }, 60_000)
    expect(all.failed).to.deep.equal([])
    if ('tests' in all) titles.push(...all.tests.map(({ title }) => title))
    expect(titles.length).to.be.greaterThan(50)
  })
  after(() => {
    loaded?.end()
    copy?.remove()
  })

  for (const check of checkNames)
    it(`notice that ${check} is not asked`, async () => {
      const { failed } = await loaded.ask({ run: { mutant: check, titles } }, 60_000)
      expect(titles).to.include.members([...failed])
      expect(failed).to.not.deep.equal([])
    })
})
