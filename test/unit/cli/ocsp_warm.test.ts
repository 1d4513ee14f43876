import { expect } from 'chai'
import { ocspWarm } from '../../../src/cli/ocsp_warm.ts'
import { type AdminUnderTest, ControlStandIn, serveAdmin } from '../admin/fixture.ts'
import { run } from './ocsp_fixture.ts'

describe('devapp-authz ocsp warm', () => {
  const control = new ControlStandIn()
  let admin: AdminUnderTest
  beforeEach(async () => {
    control.warming = [{ of: 2, asked: 2, answered: 2, failed: 0 }]
    admin = await serveAdmin(control)
  })
  afterEach(() => admin.stop())

  const warm = (...argv: string[]) => run(ocspWarm, ...argv, '--admin', admin.address)

  it('tells the progress a tenth at a time, and then the result', async () => {
    control.warming = Array.from({ length: 40 }, (_, i) => ({ of: 40, asked: i + 1, answered: i + 1, failed: 0 }))
    const { code, stdout, stderr } = await warm()
    expect([code, stdout]).to.deep.equal([0, 'asked about 40: 40 answered, 0 failed\n'])
    expect(stderr.split('\n').slice(0, 2)).to.deep.equal([
      'asked about 4 of 40, 0 failed',
      'asked about 8 of 40, 0 failed',
    ])
    expect(stderr.trimEnd().split('\n')).to.have.length(10)
  })

  it('exits with 1 where some were not answered, and says where to look', async () => {
    control.warming = [{ of: 2, asked: 2, answered: 1, failed: 1 }]
    const { code, stdout, stderr } = await warm('--json')
    expect([code, JSON.parse(stdout)]).to.deep.equal([1, { asked: 2, answered: 1, failed: 1 }])
    expect(stderr).to.contain('devapp-authz ocsp status names the failures')
  })

  it('has nothing to do where nothing is registered', async () => {
    control.warming = [{ of: 0, asked: 0, answered: 0, failed: 0 }]
    expect(await warm()).to.deep.include({ code: 0, stdout: 'asked about 0: 0 answered, 0 failed\n' })
  })

  it('exits with 1 where the service ends meanwhile', async () => {
    control.failure = new Error('stopping')
    const { code, stdout, stderr } = await warm()
    control.failure = undefined
    expect([code, stdout]).to.deep.equal([1, ''])
    expect(stderr).to.contain('ended early')
  })

  it('exits with 2 when it is called wrongly', async () => {
    expect((await warm('acme')).code).to.equal(2)
  })

  it('prints its usage with --help', async () => {
    expect(await run(ocspWarm, '--help')).to.deep.include({ code: 0, stderr: '' })
  })
})
