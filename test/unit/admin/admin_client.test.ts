import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { join } from 'node:path'
import { expect } from 'chai'
import { AdminClient, AdminError } from '../../../src/admin/admin_client.ts'
import { askAnswer, askStatus, askWarm } from '../../../src/admin/ocsp_client.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { ControlStandIn, serveAdmin } from './fixture.ts'

async function errorOf(asked: Promise<unknown>): Promise<AdminError> {
  const outcome = await asked.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof AdminError)) throw new Error(`no AdminError: ${outcome}`)
  return outcome
}

describe('the client of the admin port', () => {
  const folder = temporaryFolder('admin-client')
  const address = `unix:${join(folder.path, 'admin.sock')}`
  let server: Server | undefined
  afterEach(async () => {
    server?.closeAllConnections()
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())))
    server = undefined
  })
  after(() => folder.remove())

  /** A client of something that is no devapp-authz. */
  async function clientOf(listener: RequestListener, timeoutMs = 5_000): Promise<AdminClient> {
    server = createServer(listener).listen(address.slice(5))
    await once(server, 'listening')
    return new AdminClient(address, { timeoutMs })
  }

  it('says which socket no service answers on, and what to do', async () => {
    const { message, status } = await errorOf(askStatus(new AdminClient(address)))
    expect(message).to.equal(
      `no service is running on ${address}. Start it with devapp-authz serve --config FILE, or name another with --admin ADDRESS`,
    )
    expect(status).to.equal(undefined)
  })

  it('says the same of a port', async () => {
    const admin = await serveAdmin(new ControlStandIn(), { listen: '127.0.0.1:0' })
    await admin.stop()
    const { message } = await errorOf(askStatus(new AdminClient(admin.address)))
    expect(message).to.contain(`no service is running on ${admin.address}.`)
  })

  it('says who may use the socket', async function () {
    // The superuser may use every socket.
    if (process.getuid?.() === 0) this.skip()
    const client = await clientOf(() => {})
    chmodSync(address.slice(5), 0)
    expect((await errorOf(askStatus(client))).message).to.contain("only the service's user and group may")
  })

  it('takes no address beyond this host', () => {
    expect(() => new AdminClient('example.com:9192')).to.throw(
      AdminError,
      'neither unix:/PATH nor a loopback HOST:PORT',
    )
  })

  it('does not wait for a service that hangs', async () => {
    const client = await clientOf(() => {}, 50)
    expect((await errorOf(askStatus(client))).message).to.contain('did not answer within 50 ms')
  })

  it('does not wait for an answer that never ends', async () => {
    const client = await clientOf((_, response) => response.write('{'), 50)
    expect((await errorOf(askStatus(client))).message).to.contain('ended early')
  })

  it('repeats why a service refused', async () => {
    const admin = await serveAdmin(new ControlStandIn(), { routes: [] })
    const { message, status } = await errorOf(askStatus(admin.client))
    expect([message, status]).to.deep.equal([`${admin.address} refused: There is nothing at this path.`, 404])
    await admin.stop()
  })

  it('takes nothing for an answer that has another form', async () => {
    for (const text of ['<html>', '{}', '{"at":"x","entries":[{}],"statistics":{}}']) {
      const client = await clientOf((_, response) => response.end(text))
      expect((await errorOf(askStatus(client))).message).to.contain('is no devapp-authz, or one of another version')
      server?.closeAllConnections()
      await new Promise((resolve) => server?.close(resolve))
    }
  })

  it('takes no answer that is not base64', async () => {
    const entry = {
      sha256: '',
      serialNumber: '',
      commonName: '',
      issuer: '',
      issuerSha256: '',
      devApps: [],
      status: '',
    }
    const none = { source: null, thisUpdate: null, nextUpdate: null, usableUntil: null, nextRefresh: null }
    const document = { at: '', entry: { ...entry, ...none, responder: null, lastError: null }, answer: '<DER>' }
    const client = await clientOf((_, response) => response.end(JSON.stringify(document)))
    expect((await errorOf(askAnswer(client, 'aa'))).message).to.contain('another version')
  })

  it('tells a warming that was cut off from one that ended', async () => {
    const line = '{"done":false,"of":2,"asked":1,"answered":1,"failed":0}\n'
    const cut = await clientOf((_, response) => {
      response.write(line)
      setImmediate(() => response.destroy())
    })
    let told = 0
    expect((await errorOf(askWarm(cut, () => told++))).message).to.contain('ended early')
    server?.closeAllConnections()
    await new Promise((resolve) => server?.close(resolve))
    const short = await clientOf((_, response) => response.end(line))
    expect((await errorOf(askWarm(short, () => told++))).message).to.contain('ended before the result')
    expect(told).to.be.greaterThan(0)
  })
})
