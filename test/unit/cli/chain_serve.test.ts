import { expect } from 'chai'
import { chainServe, startChainServer } from '../../../src/cli/chain_serve.ts'
import type { RunningHttpServer } from '../../../src/http/server.ts'
import { Authority } from '../../support/pki.ts'

const authority = Authority.root({ commonName: 'Example Root CA', now: new Date() })
const leaf = authority.issue({ commonName: 'tpp.example', ocspUrls: ['http://127.0.0.1:9/'] })

describe('devapp-authz chain serve', () => {
  let server: RunningHttpServer
  let url = ''
  const serve = async (perMinute = 100, behindProxy = false): Promise<void> => {
    server = await startChainServer({ listen: '127.0.0.1:0', perMinute, behindProxy, onError: () => {} })
    url = `http://${server.address}`
  }
  afterEach(() => server.stop(0))
  const check = (pem: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/api/v1/chain/check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ file: Buffer.from(pem).toString('base64') }),
    })

  it('says what is wrong with a chain, in the order of the file and in the right one, without a link in the letter', async () => {
    await serve()
    const report = (await (await check(authority.certificate.pem + leaf.pem)).json()) as Record<string, unknown>
    expect(report['problems']).to.be.an('array').with.length.above(0)
    expect((report['given'] as { role: string }[]).map(({ role }) => role)).to.deep.equal(['root', 'leaf'])
    expect(report['order']).to.deep.equal([{ position: 2 }, { position: 1 }])
    expect(report['rightOrder']).to.equal(leaf.pem + authority.certificate.pem)
    expect(report['letter'])
      .to.match(/cannot be accepted yet/)
      .and.not.match(/:\/\/|www\./)
  })

  it('has no other route, nor an option that makes it call anyone', async () => {
    await serve()
    for (const path of ['/console/', '/api/v1/overview', '/api/v1/openapi.json', '/livez', '/api/v1/devapps'])
      expect((await fetch(url + path)).status, path).to.equal(404)
    const asking = await fetch(`${url}/api/v1/chain/check`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ file: '', askIssuer: true }),
    })
    expect(asking.status).to.equal(400)
  })

  it('checks so many files of one source in a minute', async () => {
    await serve(2)
    const statuses = [await check(leaf.pem), await check(leaf.pem), await check(leaf.pem)]
    expect(statuses.map(({ status }) => status)).to.deep.equal([200, 200, 429])
    expect(statuses[2]?.headers.get('retry-after')).to.match(/^\d+$/)
  })

  it('tells sources behind a proxy apart by the last address that it forwarded', async () => {
    await serve(1, true)
    const from = (address: string) => check(leaf.pem, { 'x-forwarded-for': address })
    expect((await from('203.0.113.9, 198.51.100.1')).status).to.equal(200)
    expect((await from('203.0.113.8, 198.51.100.1')).status).to.equal(429)
    expect((await from('198.51.100.2')).status).to.equal(200)
  })

  it('takes no larger file than a chain can be', async () => {
    await serve()
    expect((await check('x'.repeat(200_000))).status).to.equal(413)
    const report = (await (await check('x'.repeat(65_537))).json()) as { problems: { code: string }[] }
    expect(report.problems.map(({ code }) => code)).to.deep.equal(['file_too_large'])
  })

  for (const argv of [['--listen', 'nowhere'], ['--certificate', 'x.pem'], ['--per-minute', '0'], ['--nonesuch']]) {
    it(`explains the wrong call ${argv.join(' ')}`, async () => {
      await serve()
      let said = ''
      const io = {
        stdout: () => {},
        stderr: (text: string) => {
          said += text
        },
      }
      expect(await chainServe(argv, io)).to.equal(2)
      expect(said).to.match(/^devapp-authz chain serve: /)
    })
  }
})
