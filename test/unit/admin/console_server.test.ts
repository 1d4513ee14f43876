import { writeFileSync } from 'node:fs'
import { request as requestTls } from 'node:https'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConsoleAccess } from '../../../src/admin/console_access.ts'
import { type ConsoleServerOptions, startConsoleServer } from '../../../src/admin/console_server.ts'
import { sessionOperations, sessionPath } from '../../../src/api/session_operations.ts'
import { json, type Route } from '../../../src/http/route.ts'
import type { RunningHttpServer } from '../../../src/http/server.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

const token = 'b'.repeat(40)
const data: Route = { method: 'GET', path: '/api/v1/data', answer: () => json({ secret: 'of the registry' }) }

describe('the port of the console', () => {
  let now = new Date()
  const clock = () => now
  let server: RunningHttpServer | undefined
  const folder = temporaryFolder('console')
  const authority = Authority.root({ commonName: 'Server CA', now })
  const issued = authority.issue({
    commonName: 'console',
    subjectAltNames: ['localhost'],
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'],
  })
  const tls = { certificate: join(folder.path, 'tls.pem'), key: join(folder.path, 'tls.key') }
  before(() => {
    writeFileSync(tls.certificate, issued.pem)
    writeFileSync(tls.key, issued.privateKeyPem)
  })
  after(() => folder.remove())
  afterEach(() => server?.stop(0))

  const serve = async (changes: Partial<ConsoleServerOptions> = {}): Promise<string> => {
    now = new Date()
    const access = new ConsoleAccess({ token, tls: changes.tls !== undefined, clock })
    server = await startConsoleServer({
      ...{ listen: { kind: 'tcp', host: '127.0.0.1', port: 0 }, tls: undefined, access, onError: () => {} },
      routes: [data, ...sessionOperations(access)],
      isOpen: (path) => path === sessionPath,
      ...changes,
    })
    return `http://${server.address}`
  }
  const signIn = (url: string, given: string) =>
    fetch(`${url}${sessionPath}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: given }),
    })

  it('tells nothing without the token, and says how to show it', async () => {
    const url = await serve()
    for (const headers of [
      {},
      { authorization: 'Bearer' },
      { authorization: `Basic ${token}` },
      { cookie: 'devapp-authz=1.2' },
    ]) {
      const answered = await fetch(`${url}/api/v1/data`, { headers: headers as Record<string, string> })
      expect(answered.status).to.equal(401)
      expect(answered.headers.get('www-authenticate')).to.equal('Bearer realm="devapp-authz"')
      expect(await answered.text()).not.to.contain('registry')
    }
  })

  it('answers who shows the token, and nobody who has it in the URL', async () => {
    const url = await serve()
    const shown = await fetch(`${url}/api/v1/data`, { headers: { authorization: `Bearer ${token}` } })
    expect(shown.status).to.equal(200)
    expect((await fetch(`${url}/api/v1/data?token=${token}`)).status).to.equal(401)
  })

  it('gives a browser a cookie that no script reads and that does not hold the token, for twelve hours', async () => {
    const url = await serve()
    const answered = await signIn(url, token)
    const cookie = answered.headers.get('set-cookie') ?? ''
    expect(cookie).to.match(/^devapp-authz=\d+\.[\w-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
    expect(cookie).not.to.contain(token)
    const [pair = ''] = cookie.split(';')
    const ask = () => fetch(`${url}/api/v1/data`, { headers: { cookie: pair } })
    expect((await ask()).status).to.equal(200)
    now = new Date(now.getTime() + 12 * 3_600_000)
    expect((await ask()).status).to.equal(401)
  })

  it('takes no cookie whose time was changed', async () => {
    const url = await serve()
    const cookie = (await signIn(url, token)).headers.get('set-cookie') ?? ''
    const [, seal = ''] = /\.([\w-]+);/.exec(cookie) ?? []
    const headers = { cookie: `devapp-authz=${now.getTime() + 10 ** 11}.${seal}` }
    expect((await fetch(`${url}/api/v1/data`, { headers })).status).to.equal(401)
  })

  it('lets nobody guess on, and lets in who has the right token all the same', async () => {
    const url = await serve()
    const statuses = []
    for (let i = 0; i < 12; i++) statuses.push((await signIn(url, 'wrong')).status)
    expect(statuses.slice(0, 10)).to.deep.equal(Array(10).fill(401))
    expect(statuses.slice(10)).to.deep.equal([429, 429])
    expect((await signIn(url, token)).status).to.equal(200)
  })

  it('refuses a Host of elsewhere on loopback, and a form of another site', async () => {
    const url = await serve({ access: undefined })
    const { port } = new URL(url)
    const { status } = await new Promise<{ status: number }>((resolve, reject) => {
      import('node:http').then(({ get }) =>
        get({ host: '127.0.0.1', port, path: '/api/v1/data', headers: { host: 'evil.example' } }, (answered) => {
          answered.resume()
          resolve({ status: answered.statusCode ?? 0 })
        }).on('error', reject),
      )
    })
    expect(status).to.equal(421)
    const crossing = await fetch(`${url}${sessionPath}`, {
      ...{ method: 'POST', body: '{}' },
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
    })
    expect(crossing.status).to.equal(403)
  })

  it('speaks TLS, with a cookie that crosses no network in the clear', async () => {
    const url = await serve({ tls })
    const { port } = new URL(url)
    const body = JSON.stringify({ token })
    const cookie = await new Promise<string>((resolve, reject) => {
      const sent = requestTls(
        {
          ...{ host: 'localhost', port, method: 'POST', path: sessionPath, ca: authority.certificate.pem },
          headers: { 'content-type': 'application/json', 'content-length': body.length },
        },
        (answered) => {
          answered.resume()
          resolve(String(answered.headers['set-cookie']))
        },
      )
      sent.on('error', reject)
      sent.end(body)
    })
    expect(cookie).to.match(/^__Host-devapp-authz=.*; Secure$/)
  })

  it('is not opened elsewhere than on loopback without token and TLS', async () => {
    const listen = { kind: 'tcp', host: '0.0.0.0', port: 0 } as const
    for (const changes of [{ listen }, { listen, tls, access: undefined }]) {
      const error = await serve(changes).catch((error: Error) => error)
      expect(String(error)).to.contain('it needs token and tls')
    }
  })
})
