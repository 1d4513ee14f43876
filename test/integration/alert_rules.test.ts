import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { findPrometheus } from '../support/prometheus.ts'

const folder = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url))

describe('the alerting rules, by promtool', function () {
  this.timeout(60_000)
  let promtool: string

  before(async () => {
    promtool = (await findPrometheus(() => {})).promtool
  })

  const run = (...args: string[]) => spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' })

  it('are rules', () => {
    const { status, stdout, stderr } = run('check', 'rules', 'devapp-authz.rules.yaml')
    expect(status, stdout + stderr).to.equal(0)
  })

  for (const file of ['devapp-authz.tests.yaml', 'devapp-authz-days.tests.yaml']) {
    it(`fire as ${file} says, and not otherwise`, () => {
      const { status, stdout, stderr } = run('test', 'rules', file)
      expect(status, stdout + stderr).to.equal(0)
    })
  }
})
