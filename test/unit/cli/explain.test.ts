import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { explain } from '../../../src/cli/explain.ts'
import { type Explanation, explanationSchema } from '../../../src/explain/explanation.ts'
import { hashGeneratedSecret } from '../../../src/registry/secrets.ts'
import { checkRequest } from '../../support/check_request.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { type Ran, run, writeConfig } from './ocsp_fixture.ts'

const now = new Date()
const issuing = Authority.root({ now }).issueAuthority()
/** Without a responder, so that nobody is asked. */
const leaf = issuing.issue({ commonName: 'acme', ocspUrls: [] })
const renewed = issuing.issue({ commonName: 'acme', keyPair: leaf.keyPair })
const policies = {
  data: { channel: 'mtls', require: ['certificate'], on_no_source: 'allow' },
  merchant: { channel: 'tls', require: ['basic'] },
}
const acme = {
  ...{ id: 'acme', name: 'Acme', client_key: 'acme-key' },
  client_secrets: [{ hash: hashGeneratedSecret('correct-secret') }],
  certificates: [{ chain: leaf.pem + issuing.chainPem }],
}

describe('devapp-authz explain, its arguments', () => {
  const folder = temporaryFolder('explain')
  const file = (name: string): string => join(folder.path, name)
  let config: string

  before(() => {
    config = writeConfig(folder.path, { policies })
    writeFileSync(file('devapps.yaml'), stringify({ devapps: [acme] }))
    writeFileSync(file('leaf.pem'), leaf.pem)
    writeFileSync(file('leaf.der'), leaf.der)
    writeFileSync(file('chain.pem'), `acme's\n${leaf.pem}${issuing.chainPem}`)
    writeFileSync(file('renewed.pem'), renewed.pem)
    writeFileSync(file('none.pem'), 'nothing')
  })
  after(() => folder.remove())

  const withInput = (input: string | Uint8Array, ...argv: string[]): Promise<Ran> =>
    run((args, io) => explain(args, io, Readable.from([Buffer.from(input)])), ...argv, '--config', config)
  const explained = (...argv: string[]): Promise<Ran> => withInput('', ...argv)
  const explanation = async (...argv: string[]): Promise<Explanation> =>
    explanationSchema.parse(JSON.parse((await explained(...argv, '--json')).stdout))
  const found = ({ steps }: Explanation, name: string) => steps.find((step) => step.name === name)?.found

  it('takes the certificate in PEM, in DER, before its chain, and from standard input', async () => {
    for (const name of ['leaf.pem', 'leaf.der', 'chain.pem'])
      expect((await explained(file(name), '--policy', 'data')).code, name).to.equal(0)
    for (const bytes of [leaf.pem, leaf.der]) expect((await withInput(bytes, '-', '--policy', 'data')).code).to.equal(0)
  })

  it('judges a file that holds no certificate as the service would', async () => {
    const { decision } = await explanation(file('none.pem'), '--policy', 'data')
    expect(decision).to.deep.equal({ kind: 'deny', code: 'cert_malformed', status: 401 })
  })

  it("takes the policy's hostname for SNI and Host, unless --host names another", async () => {
    const host = { host: 'api2.example.com', sni: 'api2.example.com' }
    expect(found(await explanation(file('leaf.pem'), '--policy', 'data'), 'hostname')).to.contain(
      'Host api.example.com',
    )
    const other = await explanation(file('leaf.pem'), '--policy', 'data', '--host', host.host)
    expect(other.decision).to.include({ code: 'wrong_hostname', status: 421 })
    expect(other.answer.body).to.contain('This API is served on api.example.com.')
    const merchant = await explanation('--request', request({ ...host, policy: 'merchant' }))
    expect(merchant.decision.code).to.equal('basic_missing')
  })

  const request = (sent: Parameters<typeof checkRequest>[0]): string => {
    writeFileSync(file('request.json'), JSON.stringify(checkRequest(sent)))
    return file('request.json')
  }

  it("takes Envoy's request, its policy too, and what is said beside it goes first", async () => {
    const sent = { policy: 'merchant', certificate: encodeURIComponent(leaf.pem), headers: { 'x-request-id': 'r-1' } }
    const asSent = await explanation('--request', request(sent))
    expect(asSent.policy).to.equal('merchant')
    expect(asSent.answer.body).to.contain('"request_id":"r-1"')
    expect((await explained('--request', request(sent), '--policy', 'data')).code).to.equal(0)
    expect((await explanation('--request', request({}))).decision.code).to.equal('policy_unknown')
  })

  it('checks the secret of Basic that stands in the request', async () => {
    const sent = (secret: string) => ({
      ...{ policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com' },
      headers: { authorization: `Basic ${Buffer.from(`acme-key:${secret}`).toString('base64')}` },
    })
    const right = await explained('--request', request(sent('correct-secret')))
    expect(right.code).to.equal(0)
    const wrong = await explained('--request', request(sent('another-secret')))
    expect(wrong.code).to.equal(1)
    for (const { stdout } of [right, wrong]) expect(stdout).not.to.match(/correct-secret|another-secret|Basic Y/)
  })

  it('says that it is a renewal with the same key', async () => {
    const { stdout, code } = await explained(file('renewed.pem'), '--policy', 'data')
    expect(code).to.equal(1)
    expect(stdout).to.contain('  same_key: acme (Acme, production) has a certificate with the same key')
    expect(stdout).to.contain('    Renewed with its key? Attach this one to acme.\n')
  })

  it('says why the registry cannot be read, and that everybody is refused then', async () => {
    mkdirSync(file('broken'))
    writeFileSync(file('broken/devapps.yaml'), 'devapps: [{ id: 7 }]')
    const broken = writeConfig(file('broken'), { policies })
    const { stdout, code } = await run(explain, file('leaf.pem'), '--policy', 'data', '--config', broken)
    expect(code).to.equal(1)
    expect(stdout)
      .to.match(
        /^✗ registry_read +\S+devapps\.yaml:1: devapps\[0\]\.id: .*\n +\S+devapps\.yaml:1: devapps\[0\]\.name: /m,
      )
      .and.contain('HTTP 503')
  })

  it('makes one line of a name that would move the cursor', async () => {
    const spoofed = issuing.issue({ commonName: 'acme', organization: 'x\u202e\u2028✓ registered' })
    const { stdout } = await withInput(spoofed.pem, '-', '--policy', 'data')
    expect(stdout).not.to.match(/[\u202e\u2028]/)
  })

  const pem = () => file('leaf.pem')
  const wrong: [string, () => string[], string][] = [
    ['neither CERT nor --request', () => ['--policy', 'data'], 'either CERT or --request FILE'],
    ['both', () => [pem(), '--request', pem(), '--policy', 'data'], 'either CERT or --request FILE'],
    ['two CERTs', () => [pem(), pem(), '--policy', 'data'], 'one CERT at a time'],
    ['CERT without a policy', () => [pem()], '--policy NAME is missing'],
    [
      'a time without a zone',
      () => [pem(), '--policy', 'data', '--at', '2026-06-15T12:00:00'],
      '--at: expected a time',
    ],
    [
      'a secret as an argument',
      () => [pem(), '--policy', 'data', '--basic', 'acme-key:s3cret'],
      'a ClientKey has no colon',
    ],
    ['--secret-stdin alone', () => [pem(), '--policy', 'data', '--secret-stdin'], '--secret-stdin needs --basic KEY'],
    ['two things on standard input', () => ['-', '--policy', 'data', '--basic', 'k', '--secret-stdin'], 'not both'],
    ['an unknown option', () => [pem(), '--policy', 'data', '--force'], '--force'],
  ]
  for (const [title, argv, words] of wrong) {
    it(`exits with 2 at ${title}`, async () => {
      const { code, stdout, stderr } = await explained(...argv())
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.contain(words).and.to.contain('Usage: devapp-authz explain').and.not.to.contain('s3cret')
    })
  }

  it('explains no policy for trying certificates: the hostname itself does', async () => {
    const folder = file('trying')
    mkdirSync(folder)
    const hostnames = { mtls: ['api.example.com'], tls: ['api2.example.com'], try: ['try.example.com'] }
    const config = writeConfig(folder, { hostnames, policies: { ...policies, trying: { channel: 'try' } } })
    writeFileSync(join(folder, 'devapps.yaml'), stringify({ devapps: [acme] }))
    const { code, stderr } = await run(explain, file('leaf.pem'), '--policy', 'trying', '--config', config)
    expect(code).to.equal(2)
    expect(stderr).to.include('the policy trying is for trying certificates: name that of an API')
  })

  it('exits with 1 where a file is missing, and names it', async () => {
    for (const argv of [
      [file('nonesuch.pem'), '--policy', 'data'],
      ['--request', file('none.pem')],
    ]) {
      const { code, stderr } = await explained(...argv)
      expect(code).to.equal(1)
      expect(stderr).to.match(/^devapp-authz explain: \S+(nonesuch\.pem: no such file|none\.pem: not JSON)\n$/)
    }
  })

  it('prints its usage with --help', async () => {
    expect(await run(explain, '--help')).to.deep.include({ code: 0, stderr: '' })
  })
})
