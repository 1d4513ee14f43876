import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { writeExample } from '../support/example_service.ts'
import { freePort } from '../support/free_port.ts'
import { findSchemathesis, runSchemathesis } from '../support/schemathesis.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

/** Printed with what is found, to find it again. */
const seed = 20_261_125

describe('the API of a running service', function () {
  this.timeout(300_000)
  const folder = temporaryFolder('api')
  let service: RunningService
  let url: string

  before(async () => {
    const [admin, browsers] = [await freePort(), await freePort()]
    writeExample(folder.path)
    const config = join(folder.path, 'authz.yaml')
    const written = readFileSync(config, 'utf8')
    writeFileSync(
      config,
      written
        .replace(/^admin: .*$/m, `admin: 127.0.0.1:${admin}`)
        .replace('# console: { listen: 127.0.0.1:9193 }', `console: { listen: 127.0.0.1:${browsers} }`),
    )
    service = await startService({ config })
    url = `http://127.0.0.1:${admin}`
  })
  after(async () => {
    await service.stop()
    folder.remove()
  })

  it('is as its OpenAPI document says, whatever it is asked: schemathesis finds nothing', async () => {
    const program = findSchemathesis((sentence) => process.stderr.write(`${sentence}\n`))
    const { ok, output } = await runSchemathesis(program, {
      url: `${url}/api/v1/openapi.json`,
      // A stream that does not end, and one that ends when all responders have answered.
      except: ['/api/v1/denials/events', '/api/v1/ocsp/warm'],
      ...{ examples: 15, seed },
    })
    expect(ok, `seed ${seed}\n${output.slice(0, 20_000)}`).to.equal(true)
    expect(output).to.match(/Tested: \d\d/)
    expect(service.output()).to.not.match(/"level":"error"/)
  })

  it('describes every path under /api/v1 that it answers, on each port its own', async () => {
    const [, browsers] = /"console":"([^"]+)"/.exec(service.output()) ?? []
    const pathsAt = async (base: string) =>
      Object.entries(((await (await fetch(`${base}/api/v1/openapi.json`)).json()) as { paths: object }).paths).flatMap(
        ([path, methods]) => Object.keys(methods as object).map((method) => `${method} ${path}`),
      )
    const all = await pathsAt(url)
    const shown = await pathsAt(`http://${browsers}`)
    expect(all.filter((each) => !shown.includes(each))).to.have.members([
      'post /api/v1/ocsp/purge',
      'post /api/v1/ocsp/warm',
      'post /api/v1/log-level',
      'post /api/v1/basic/unlock',
    ])
  })

  it('tells of refusals as they come, from the one on that is known', async () => {
    const leaving = new AbortController()
    const events = await fetch(`${url}/api/v1/denials/events`, { signal: leaving.signal })
    expect(events.headers.get('content-type')).to.equal('text/event-stream')
    const { value } = (await events.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).to.match(/^retry: 2000\n\n/)
    leaving.abort()
  })
})
