import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import type { SignatureAlgorithm } from '../../src/domain/signature.ts'
import { publicKeyFrom } from '../../src/pki/public_key.ts'
import { blocksOf } from '../support/documented.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { concatenated, partsOf, policy, verifierWith } from '../unit/signing/fixture.ts'

const page = blocksOf('docs/signing.md')
const blocks = (language: string): string[] =>
  page.filter((block) => block.language === language).map(({ text }) => text)
const [makeKey = '', withOpenssl = '', concatenate = ''] = blocks('sh')
const body = '{"amount": "10.00", "to": "FI21 1234"}\n'

/** A curl that prints the headers that it is to send. */
const printingCurl = `#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -H ] && printf '%s\\n' "$2"; shift; done
`

describe('the examples of docs/signing.md', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('signing-docs')
  const environment = { ...process.env, PATH: `${folder.path}${delimiter}${process.env['PATH']}` }
  const shell = (script: string): string =>
    execFileSync('sh', ['-euc', script], {
      cwd: folder.path,
      env: environment,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })

  before(() => {
    mkdirSync(folder.path, { recursive: true })
    for (const name of ['payment.json', 'order.json']) writeFileSync(join(folder.path, name), body)
    writeFileSync(join(folder.path, 'curl'), printingCurl)
    chmodSync(join(folder.path, 'curl'), 0o755)
    shell(makeKey)
  })
  after(() => folder.remove())

  const headersIn = (printed: string): Record<string, string> =>
    Object.fromEntries(
      printed
        .trim()
        .split('\n')
        .map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]),
    )

  /** What a service says of a request with these headers, whose DevApp has the key that the page makes. */
  function statusOf(
    printed: string,
    path: string,
    algorithm: SignatureAlgorithm,
    asked: typeof policy | typeof concatenated,
  ) {
    const key = { id: 'acme-2026', ...publicKeyFrom(readFileSync(join(folder.path, 'public.pem')), algorithm) }
    const request = { method: 'POST', url: `https://api2.example.com${path}`, headers: {}, body: Buffer.from(body) }
    return verifierWith([key])(partsOf(request, headersIn(printed)), asked, new Date())
  }
  const expectVerified = (printed: string, algorithm: SignatureAlgorithm = 'rsa-pss-sha512') =>
    expect(statusOf(printed, '/v1/payments', algorithm, policy)).to.deep.equal({
      status: 'verified',
      keyId: 'acme-2026',
    })

  it('sign with curl and openssl', () => {
    expectVerified(shell(withOpenssl))
  })

  it('sign with openssl over method, URL and body', () => {
    expect(statusOf(shell(concatenate), '/v1/orders?ref=A1', 'rsa-v1_5-sha256', concatenated)).to.include({
      status: 'verified',
    })
  })

  const programs: [
    language: string,
    name: string,
    file: string,
    command: string[],
    isHere: string[],
    SignatureAlgorithm,
  ][] = [
    ['js', 'Node.js', 'sign.mjs', [process.execPath], ['--version'], 'rsa-pss-sha512'],
    ['python', 'Python with cryptography', 'sign.py', ['python3'], ['-c', 'import cryptography'], 'rsa-pss-sha512'],
    ['java', 'Java', 'Sign.java', ['java'], ['--version'], 'rsa-pss-sha512'],
    ['php', 'PHP', 'sign.php', ['php'], ['-r', 'exit(function_exists("openssl_sign") ? 0 : 1);'], 'rsa-v1_5-sha256'],
  ]
  for (const [language, name, file, [command = ''], isHere, algorithm] of programs)
    it(`sign with ${name}`, function () {
      if (spawnSync(command, isHere, { stdio: 'ignore' }).status !== 0) {
        console.log(`      ${name} is not here`)
        return this.skip()
      }
      const [program = ''] = blocks(language)
      writeFileSync(join(folder.path, file), program)
      expectVerified(execFileSync(command, [file], { cwd: folder.path, encoding: 'utf8' }), algorithm)
    })

  it('name the very policy that examples/authz.yaml has', () => {
    expect(readFileSync(new URL('../../examples/authz.yaml', import.meta.url), 'utf8')).to.contain(
      blocks('yaml')[0]?.split('\n')[1]?.trim(),
    )
  })
})
