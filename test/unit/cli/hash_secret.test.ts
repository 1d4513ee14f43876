import { Readable } from 'node:stream'
import { expect } from 'chai'
import { hashSecret } from '../../../src/cli/hash_secret.ts'
import { ClientSecrets } from '../../../src/registry/secrets.ts'
import { devApp, now } from '../../support/evidence.ts'

async function run(argv: string[], stdin = ''): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' }
  const write = (stream: 'stdout' | 'stderr') => (text: string) => {
    written[stream] += text
  }
  const io = { stdout: write('stdout'), stderr: write('stderr') }
  return { code: await hashSecret(argv, io, Readable.from([stdin])), ...written }
}

/** Whether the service takes the secret for right where the hash is registered. */
const isRight = (hash: string, secret: string) =>
  new ClientSecrets(() => true).verify(devApp({ clientSecrets: [{ hash, notAfter: undefined }] }), secret, now)

describe('devapp-authz devapp hash-secret', () => {
  it('makes a secret and prints it once, beside a hash that the service takes it for right with', async () => {
    const { code, stdout, stderr } = await run([])
    expect([code, stderr]).to.deep.equal([0, ''])
    const [, secret = '', hash = ''] = /^secret {2}(\S+)\nhash {4}(\S+)\n$/.exec(stdout) ?? []
    expect(secret).to.match(/^[\w-]{43}$/)
    expect(hash).to.match(/^\$hmac-sha256\$/)
    expect(await isRight(hash, secret)).to.equal(true)
    expect((await run([])).stdout).to.not.contain(secret)
  })

  it('hashes a secret from standard input slowly, without its line end, and does not print it', async () => {
    for (const end of ['', '\n', '\r\n']) {
      const { code, stdout, stderr } = await run(['--stdin'], `correct horse battery${end}`)
      expect([code, stderr]).to.deep.equal([0, ''])
      expect(stdout).to.match(/^\$argon2id\$\S+\n$/)
      expect(await isRight(stdout.trim(), 'correct horse battery')).to.equal(true)
    }
  })

  it('refuses a secret that is short, of several lines or with control characters, and does not repeat it', async () => {
    for (const secret of ['', 'hunter2', 'correct horse\nbattery', 'correct horse\tbattery', 'correct horse\n\n']) {
      const { code, stdout, stderr } = await run(['--stdin'], secret)
      expect([code, stdout]).to.deep.equal([1, ''])
      expect(stderr).to.equal('devapp-authz devapp hash-secret: a secret has at least 12 characters, on one line\n')
    }
  })

  it('takes no secret as an argument, and does not repeat it', async () => {
    for (const argv of [['correct-horse-battery'], ['--stdin=correct-horse-battery'], ['--correct-horse-battery']]) {
      const { code, stdout, stderr } = await run(argv)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.match(/Usage: devapp-authz devapp hash-secret/)
      expect(stderr).to.not.contain('correct-horse')
    }
  })

  it('explains itself', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).to.equal(0)
    expect(stdout).to.match(/Usage: devapp-authz devapp hash-secret \[--stdin\]/)
  })
})
