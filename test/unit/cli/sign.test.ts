import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Io } from '../../../src/cli/io.ts'
import { sign } from '../../../src/cli/sign.ts'
import { now } from '../../support/evidence.ts'
import { signingKey } from '../../support/signing_keys.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { concatenated, partsOf, policy, verifierWith } from '../signing/fixture.ts'
import { run as runSubcommand } from './ocsp_fixture.ts'

const ed = signingKey('ed25519', 'ed')
const rsa = signingKey('rsa-v1_5-sha256', 'rsa')

describe('devapp-authz sign', () => {
  const folder = temporaryFolder('sign')
  const [privateEd, privateRsa, body] = ['ed.pem', 'rsa.pem', "it's.json"].map((name) => join(folder.path, name))
  const content = '{"amount": "10.00"}'
  before(() => {
    mkdirSync(folder.path, { recursive: true })
    writeFileSync(privateEd ?? '', ed.privateKey.export({ format: 'pem', type: 'pkcs8' }))
    writeFileSync(privateRsa ?? '', rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }))
    writeFileSync(body ?? '', content)
  })
  after(() => folder.remove())
  const run = (...argv: string[]) => runSubcommand((given, io: Io) => sign(given, io, () => now), ...argv)
  const url = 'https://api2.example.com/v1/pay?x=1'

  /** The arguments of curl, as a shell reads them. */
  const argumentsOf = (command: string): string[] =>
    execFileSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${command}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n')
  const headersIn = (given: readonly string[]) =>
    Object.fromEntries(
      given.flatMap((each, i) =>
        given[i - 1] === '--header' ? [each.split(/: (.*)/s).slice(0, 2) as [string, string]] : [],
      ),
    )

  it('prints a curl command whose request passes', async () => {
    const { code, stdout } = await run(
      ...['--key', privateEd ?? '', '--key-id', 'ed', '--url', url, '--body', body ?? ''],
      ...['--header', 'Content-Type: application/json', '--expires-in', '60s'],
    )
    expect(code).to.equal(0)
    const given = argumentsOf(stdout)
    expect(given).to.include.members(['--path-as-is', '--data-binary', `@${body}`, url, 'POST', 'credentials.curl'])
    const { 'content-type': type = '', ...added } = headersIn(given)
    const request = { method: 'POST', url, headers: { 'content-type': type }, body: Buffer.from(content) }
    expect(verifierWith([ed.publicKey])(partsOf(request, added), policy)).to.include({ status: 'verified' })
    expect(added['signature-input']).to.match(/;expires=\d+/)
  })

  it('signs over method, URL and body too', async () => {
    const { stdout } = await run(
      '--key',
      privateRsa ?? '',
      '--profile',
      'concatenated',
      '--url',
      url,
      '--body',
      body ?? '',
    )
    const request = { method: 'POST', url, headers: {}, body: Buffer.from(content) }
    const parts = partsOf(request, headersIn(argumentsOf(stdout)))
    expect(verifierWith([rsa.publicKey])(parts, concatenated)).to.include({ status: 'verified' })
  })

  it('prints what was signed', async () => {
    const { stdout } = await run('--key', privateEd ?? '', '--key-id', 'ed', '--url', url, '--no-nonce', '--text')
    expect(stdout.split('\n').slice(0, 4)).to.deep.equal([
      ...['"@method": GET', '"@authority": api2.example.com', '"@path": /v1/pay', '"@query": ?x=1'],
    ])
  })

  it('never prints the key', async () => {
    const { stdout, stderr } = await run('--key', privateEd ?? '', '--key-id', 'ed', '--url', url)
    const secret = ed.privateKey.export({ format: 'jwk' }).d ?? ''
    expect(stdout + stderr)
      .to.not.contain(secret)
      .and.not.contain('PRIVATE')
  })

  const wrong: [string[], number, string][] = [
    [['--key', 'k'], 2, '--url URL is missing'],
    [['--url', url], 2, '--key FILE is missing'],
    [['--url', url, '--key', 'nowhere.pem', '--key-id', 'k'], 1, 'nowhere.pem'],
    [['--url', url, '--key', 'package.json', '--key-id', 'k'], 1, 'no private key without passphrase'],
    [['--url', url, '--key', 'k', '--profile', 'jws'], 2, '--profile'],
    [['--url', url, '--key', 'k', '--header', 'x'], 2, '--header'],
  ]
  for (const [argv, code, said] of wrong)
    it(`says ${said} for ${argv.join(' ').slice(0, 60)}`, async () => {
      const ran = await run(...argv)
      expect(ran.code).to.equal(code)
      expect(ran.stderr).to.contain(said)
    })

  it('does not sign by an algorithm that is not of the key', async () => {
    const { code, stderr } = await run('--key', privateEd ?? '', '--profile', 'concatenated', '--url', url)
    expect({ code, stderr }).to.deep.equal({
      ...{
        code: 1,
        stderr: 'devapp-authz sign: rsa-v1_5-sha256 is no algorithm of this key; write ed25519, or take another key\n',
      },
    })
  })

  it('signs no URL but an https one', async () => {
    const { stderr } = await run('--key', privateEd ?? '', '--key-id', 'ed', '--url', 'http://api2.example.com/')
    expect(stderr).to.contain('is no https URL')
  })
})
