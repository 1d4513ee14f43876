import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { freePort } from '../support/free_port.ts'
import { GuardedProcess } from '../support/guarded_process.ts'
import { findOpenssl, startOpensslResponder } from '../support/openssl_responder.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'
import { findRedis, startRedis } from '../support/redis.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const progress = (sentence: string) => void process.stderr.write(`${sentence}\n`)

describe('a server that a test starts', () => {
  it('ends with the test, even when that is killed', async () => {
    const module = fileURLToPath(new URL('../support/guarded_process.ts', import.meta.url))
    const listen = `
      const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port))`
    const program = `
      import { GuardedProcess } from ${JSON.stringify(module)}
      const server = await GuardedProcess.start({ command: process.execPath, args: ['--eval', ${JSON.stringify(listen)}] })
      console.log(await server.printed('it listened', () => server.stdout[0]))
      setInterval(() => {}, 1000)`
    const test = await GuardedProcess.start({
      command: process.execPath,
      args: ['--import', 'tsx', '--input-type=module', '--eval', program],
    })
    const socket = connect(Number(await test.printed('it named its server', () => test.stdout[0])), '127.0.0.1')
    await once(socket, 'connect')
    const closed = once(socket, 'close')
    await test.stop('SIGKILL')
    expect(await closed).to.deep.equal([false])
  })

  it('that cannot start, or ends too early, is an error that says so', async () => {
    const missing = GuardedProcess.start({ command: '/nonexistent/server', args: [] })
    expect(await missing.catch(String)).to.match(/could not be started/)
    const brief = await GuardedProcess.start({ command: '/bin/sh', args: ['-c', 'echo wrong option >&2'] })
    const awaited = brief.printed('it was ready', () => undefined)
    expect(await awaited.catch(String)).to.match(/exited before it was ready:\nwrong option/)
  })
})

describe('the Redis of the tests', () => {
  const ping = async (port: number): Promise<string> => {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      socket.write('PING\r\n')
      return await Promise.race([once(socket, 'data').then(String), after(200, 'silence')])
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code)
    } finally {
      socket.destroy()
    }
  }

  it('stalls, resumes, crashes and comes back on the same port', async () => {
    const redis = await startRedis(await findRedis(progress))
    try {
      expect(await ping(redis.port)).to.equal('+PONG\r\n')
      redis.pause()
      expect(await ping(redis.port)).to.equal('silence')
      redis.resume()
      expect(await ping(redis.port)).to.equal('+PONG\r\n')
      await redis.kill()
      expect(await ping(redis.port)).to.equal('ECONNREFUSED')
      await redis.restart()
      expect(await ping(redis.port)).to.equal('+PONG\r\n')
    } finally {
      await redis.stop()
    }
    expect(await ping(redis.port)).to.equal('ECONNREFUSED')
  })
})

describe('the openssl ocsp responder of the tests', () => {
  it("gives each certificate the status that it was told, signed by the issuer's delegate", async () => {
    const openssl = await findOpenssl(progress)
    const folder = temporaryFolder('ocsp-client')
    const root = Authority.root({ now: new Date() })
    const port = await freePort()
    const issue = (serialNumber?: string) =>
      root.issue({ ocspUrls: [`http://127.0.0.1:${port}/`], ...(serialNumber && { serialNumber }) })
    const [good, revoked, onHold, unknown, long] = [issue(), issue(), issue(), issue(), issue('008001')]
    const revokedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 3_600_000)
    writeFileSync(join(folder.path, 'root.pem'), root.certificate.pem)

    const ask = async (certificate: IssuedCertificate): Promise<string> => {
      writeFileSync(join(folder.path, 'asked.pem'), certificate.pem)
      const args = ['ocsp', '-issuer', 'root.pem', '-CAfile', 'root.pem', '-cert', 'asked.pem']
      const { stdout, stderr } = await promisify(execFile)(openssl, [...args, '-url', `http://127.0.0.1:${port}/`], {
        cwd: folder.path,
      })
      expect(stderr).to.contain('Response verify OK')
      return stdout.replaceAll(/\s+/g, ' ')
    }

    const responder = await startOpensslResponder({
      openssl,
      port,
      issuer: root.certificate,
      signer: root.issue({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'], ocspNoCheck: true }),
      certificates: [
        { certificate: good, status: 'good' },
        { certificate: long, status: 'good' },
        { certificate: unknown, status: 'unknown' },
        { certificate: revoked, status: { revokedAt, reason: 'keyCompromise' } },
        { certificate: onHold, status: { revokedAt, reason: 'certificateHold' } },
      ],
    })
    try {
      expect(await ask(good)).to.match(/^asked.pem: good This Update: .* Next Update: /)
      expect(await ask(long)).to.match(/^asked.pem: good/)
      expect(await ask(unknown)).to.match(/^asked.pem: unknown/)
      expect(await ask(onHold)).to.match(/^asked.pem: revoked .*Reason: certificateHold/)
      const answer = await ask(revoked)
      expect(answer).to.match(/^asked.pem: revoked .*Reason: keyCompromise/)
      expect(new Date(/Revocation Time: (.*GMT)/.exec(answer)?.[1] ?? '')).to.deep.equal(revokedAt)
      await responder.restart([{ certificate: good, status: { revokedAt } }])
      expect(await ask(good)).to.match(/^asked.pem: revoked/)
    } finally {
      await responder.stop()
      folder.remove()
    }
  })
})
