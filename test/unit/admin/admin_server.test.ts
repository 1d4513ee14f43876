import { once } from 'node:events'
import { renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { startAdminServer } from '../../../src/admin/admin_server.ts'
import { json } from '../../../src/http/route.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type AdminUnderTest, ControlStandIn, entryOf, send, serveAdmin } from './fixture.ts'

const path = '/api/v1/ocsp'
const asJson = { 'content-type': 'application/json' }

/** What `promise` is rejected with. */
const rejection = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => new Error('it was not rejected'),
    (error: Error) => error,
  )

describe('the admin port', () => {
  describe('its address', () => {
    for (const listen of [
      '0.0.0.0:9192',
      '192.0.2.1:9192',
      '[::]:9192',
      'example.com:9192',
      '127.0.0.1',
      'unix:a.sock',
    ]) {
      it(`is not ${listen}`, async () => {
        const error = await rejection(startAdminServer(listen, { routes: [], onError: () => {} }))
        expect(error.message).to.equal(`${listen} is neither unix:/PATH nor a loopback HOST:PORT`)
      })
    }

    it('tells the port that was taken', async () => {
      const admin = await serveAdmin(new ControlStandIn(), { listen: 'localhost:0' })
      expect(admin.address).to.match(/^127\.0\.0\.1:[1-9]\d+$/)
      expect((await send(admin.address, { path })).status).to.equal(200)
      await admin.stop()
    })
  })

  describe('its socket', () => {
    const folder = temporaryFolder('admin-socket')
    const file = (name: string): string => join(folder.path, name)
    after(() => folder.remove())

    it('admits the owner and the group only', async () => {
      const server = await startAdminServer(`unix:${file('a')}`, { routes: [], onError: () => {} })
      expect(statSync(file('a')).mode & 0o777).to.equal(0o660)
      await server.stop(0)
    })

    it('takes the place of one that nobody listens on any more', async () => {
      const crashed = createServer().listen(file('b'))
      await once(crashed, 'listening')
      // A process that is killed leaves its socket behind; closing would remove it, so it is moved away before.
      renameSync(file('b'), file('left'))
      await new Promise((resolve) => crashed.close(resolve))
      const server = await startAdminServer(`unix:${file('left')}`, { routes: [], onError: () => {} })
      expect((await send(`unix:${file('left')}`, { path })).status).to.equal(404)
      await server.stop(0)
    })

    it('is refused where another process listens on it', async () => {
      const server = await startAdminServer(`unix:${file('c')}`, { routes: [], onError: () => {} })
      const error = await rejection(startAdminServer(`unix:${file('c')}`, { routes: [], onError: () => {} }))
      expect(error.message).to.equal(`${file('c')} is in use: another process listens on it`)
      expect((await send(`unix:${file('c')}`, { path })).status).to.equal(404)
      await server.stop(0)
    })

    it('never takes the place of a file', async () => {
      writeFileSync(file('d'), 'precious')
      const error = await rejection(startAdminServer(`unix:${file('d')}`, { routes: [], onError: () => {} }))
      expect(error.message).to.contain('it is no socket, and is left alone')
      expect(statSync(file('d')).size).to.equal(8)
    })
  })

  describe('on TCP', () => {
    const control = new ControlStandIn({ entry: entryOf() })
    let admin: AdminUnderTest
    before(async () => {
      admin = await serveAdmin(control, { listen: '127.0.0.1:0' })
    })
    after(() => admin.stop())

    for (const host of ['localhost', 'LOCALHOST:9192', '127.0.0.1:1', '127.9.9.9', '[::1]:9192']) {
      it(`answers to the Host ${host}`, async () => {
        expect((await send(admin.address, { path, headers: { host } })).status).to.equal(200)
      })
    }

    for (const host of [
      'evil.example',
      'evil.example:9192',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      'evil.example@127.0.0.1',
    ]) {
      it(`refuses the Host "${host}", as of a name that was rebound`, async () => {
        const { status, text } = await send(admin.address, { path, headers: { host } })
        expect(status).to.equal(421)
        expect(text).not.to.contain('acme')
      })
    }

    it('answers no preflight, and allows no other origin', async () => {
      const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' }
      const preflight = await send(admin.address, { method: 'OPTIONS', path: `${path}/purge`, headers })
      expect(preflight.status).to.equal(405)
      const answered = await send(admin.address, { path, headers })
      for (const { headers } of [preflight, answered]) {
        expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).to.deep.equal([])
      }
    })

    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined]) {
      it(`refuses a POST as a form sends it: ${type}`, async () => {
        const headers = type === undefined ? {} : { 'content-type': type }
        const { status } = await send(admin.address, {
          method: 'POST',
          path: `${path}/purge`,
          headers,
          body: '{"kind":"all"}',
        })
        expect(status).to.equal(415)
        expect(control.purged).to.deep.equal([])
      })
    }
  })

  describe('an answer', () => {
    const control = new ControlStandIn({ entry: entryOf() })
    let admin: AdminUnderTest
    beforeEach(async () => {
      control.failure = undefined
      admin = await serveAdmin(control)
    })
    afterEach(() => admin.stop())

    it('is not stored, and not taken for another type', async () => {
      const { headers } = await send(admin.address, { path })
      expect(headers).to.include({
        ...{ 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      })
    })

    it('is 404 as problem+json where there is nothing', async () => {
      for (const unknown of [
        '/',
        '/api/v1/ocsp/',
        '/api/v1/ocsp/aa',
        '/api/v1/ocsp/../ocsp',
        'http://evil.example/api/v1/ocsp',
      ]) {
        const { status, headers, text } = await send(admin.address, { path: unknown })
        expect([unknown, status, headers['content-type']]).to.deep.equal([unknown, 404, 'application/problem+json'])
        expect(JSON.parse(text)).to.deep.equal({
          ...{ type: 'about:blank', title: 'Not Found', status: 404, detail: 'There is nothing at this path.' },
        })
      }
    })

    it('is 405 with the methods that there are', async () => {
      const purge = await send(admin.address, { path: `${path}/purge` })
      expect([purge.status, purge.headers['allow']]).to.deep.equal([405, 'POST'])
      const status = await send(admin.address, { method: 'POST', path, headers: asJson })
      expect([status.status, status.headers['allow']]).to.deep.equal([405, 'GET'])
      expect(status.headers['content-type']).to.equal('application/problem+json')
    })

    it('passes over a query', async () => {
      expect((await send(admin.address, { path: `${path}?a=b` })).status).to.equal(200)
    })

    it('is 500 without a word of what went wrong, which the log is told', async () => {
      control.failure = new Error('redis://user:secret@host at /srv/src/x.ts:12')
      const { status, text } = await send(admin.address, { path })
      expect(status).to.equal(500)
      expect(text).not.to.match(/secret|x\.ts|host/)
      expect(admin.errors).to.deep.equal([control.failure])
    })

    it('is cut off where it fails on the way, so that nobody takes it for whole', async () => {
      control.failure = new Error('redis is gone')
      const error = await rejection(send(admin.address, { method: 'POST', path: `${path}/warm`, headers: asJson }))
      expect(error.message).to.match(/aborted|hang up/)
      expect(admin.errors).to.deep.equal([control.failure])
    })

    it('is 413 where the body is larger than 64 KiB', async () => {
      const body = Buffer.alloc(65_537, 0x20)
      const { status } = await send(admin.address, { method: 'POST', path: `${path}/purge`, headers: asJson, body })
      expect(status).to.equal(413)
      expect(control.purged).to.deep.equal([])
    })

    it('is 400 where the body is no JSON', async () => {
      for (const body of ['{', 'kind=all', Buffer.from([0x22, 0xff, 0x22])]) {
        const { status } = await send(admin.address, { method: 'POST', path: `${path}/purge`, headers: asJson, body })
        expect(status).to.equal(400)
      }
    })
  })

  describe('when it stops', () => {
    const folder = temporaryFolder('admin-stop')
    const listen = `unix:${join(folder.path, 'admin.sock')}`
    after(() => folder.remove())

    /** A route that answers once it is let. */
    async function slowServer() {
      const [begun, released] = [new Signal(), new Signal()]
      const answer = async () => {
        begun.give()
        await released.given
        return json('done')
      }
      const routes = [{ method: 'GET', path: '/slow', answer }] as const
      return { server: await startAdminServer(listen, { routes, onError: () => {} }), begun, released }
    }

    it('answers what was asked before', async () => {
      const { server, begun, released } = await slowServer()
      const answered = send(listen, { path: '/slow', headers: { connection: 'close' } })
      await begun.given
      const stopped = server.stop(5_000)
      released.give()
      expect((await answered).text).to.equal('"done"\n')
      await stopped
    })

    it('waits no longer than it is granted', async () => {
      const { server, begun } = await slowServer()
      const cut = rejection(send(listen, { path: '/slow' }))
      await begun.given
      await server.stop(0)
      expect((await cut).message).to.match(/hang up|aborted|ECONNRESET/)
    })
  })
})

class Signal {
  give = (): void => {}
  readonly given = new Promise<void>((resolve) => {
    this.give = resolve
  })
}
