import { writeFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { Redis } from 'ioredis'
import { allowPrivateResponders, listedCertificates, writeServiceFiles } from '../../demo/service_files.ts'
import { createThirdParties } from '../../demo/third_parties.ts'
import { configurationIn } from '../../src/cli/configuration_file.ts'
import { explain } from '../../src/cli/explain.ts'
import { checkService } from '../../src/envoy/check_service.ts'
import type { CheckResponse } from '../../src/envoy/generated/envoy/service/auth/v3/CheckResponse.ts'
import { type Explanation, explanationSchema } from '../../src/explain/explanation.ts'
import { certificateFromPem } from '../../src/pki/certificate.ts'
import { openRegistrySource } from '../../src/registry/open_registry.ts'
import { Psd2Lists } from '../../src/registry/psd2_lists.ts'
import { ClientSecrets } from '../../src/registry/secrets.ts'
import { revocationOptions } from '../../src/revocation/configured.ts'
import { openRevocation } from '../../src/revocation/open_revocation.ts'
import type { OcspRevocation } from '../../src/revocation/revocation.ts'
import { type CheckAttributes, checkRequest, ofStrangers, responseIn } from '../support/check_request.ts'
import { crl } from '../support/crl.ts'
import { nobodyLocked, nothingSigned, nothingToTry } from '../support/evidence.ts'
import { freePort } from '../support/free_port.ts'
import { ocspResponse } from '../support/ocsp.ts'
import { findOpenssl, type RunningResponder, startOpensslResponder } from '../support/openssl_responder.ts'
import { Authority, fixedNow } from '../support/pki.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { answering, TestResponder } from '../support/test_responder.ts'
import { type Ran, run, writeConfig } from '../unit/cli/ocsp_fixture.ts'
import { eventually } from '../unit/revocation/fixture.ts'

type Parties = ReturnType<typeof createThirdParties>
type Named = keyof Parties['certificates']

describe('devapp-authz explain', function () {
  this.timeout(60_000)
  const folder = temporaryFolder('explain')
  const file = (name: string): string => join(folder.path, name)
  const config = file('authz.yaml')
  let parties: Parties
  let responder: RunningResponder
  let redis: RunningRedis

  const writeFiles = (adapt = (text: string): string => text): void =>
    writeServiceFiles(folder.path, parties, (example) => adapt(allowPrivateResponders(example)))
  const withRedis = (example: string): string =>
    example.replace(/^ocsp:$/m, `ocsp:\n  cache: { redis: { url: ${redis.url}, key_prefix: 'test:' } }`)

  before(async () => {
    const port = await freePort()
    const nobody = await freePort()
    const now = new Date()
    parties = createThirdParties({ issuing: `http://127.0.0.1:${port}/`, other: `http://127.0.0.1:${nobody}/` }, now)
    responder = await startOpensslResponder({
      ...{ openssl: await findOpenssl(() => {}), port },
      ...{ issuer: parties.issuing.certificate, signer: parties.ocspSigner },
      certificates: listedCertificates(parties),
    })
    redis = await startRedis(await findRedis(() => {}))
    for (const [name, { pem }] of Object.entries(parties.certificates)) writeFileSync(file(`${name}.pem`), pem)
    writeFiles()
  })
  after(async () => {
    await responder?.stop()
    await redis?.stop()
    folder.remove()
  })

  const explained = (...argv: string[]): Promise<Ran> => run(explain, ...argv, '--config', config)
  async function explanation(...argv: string[]): Promise<Explanation> {
    const { stdout, stderr } = await explained(...argv, '--json')
    expect(stderr).to.equal('')
    return explanationSchema.parse(JSON.parse(stdout))
  }
  const stepOf = ({ steps }: Explanation, name: string) => steps.find((step) => step.name === name)

  it('shows an allowed request step by step: which DevApp, which responder, from when to when, which tier', async () => {
    const { code, stdout } = await explained(file('acme.pem'), '--policy', 'data')
    expect(code).to.equal(0)
    expect(stdout)
      .to.match(/^✓ certificate_registered {2}attached to acme \(acme, production\), sha256 [0-9a-f]{64}$/m)
      .and.match(
        /^✓ revocation {14}good, said by http:\/\/127\.0\.0\.1:\d+\/, signed by CN=Demo OCSP Signer,[^(]+\(ocsp, asked just now\), thisUpdate \S+Z to nextUpdate \S+Z, used until \S+Z$/m,
      )
      .and.match(/^ {26}http:\/\/127\.0\.0\.1:\d+ answered in \d+ ms/m)
      .and.match(/^- basic {19}not asked for$/m)
      .and.match(/^ {2}x-devapp-id: acme$/m)
  })

  it('shows the first refusal as the decision, later ones as such, and the very answer', async () => {
    const found = await explanation(file('disabled.pem'), '--policy', 'accounts')
    expect(found.decision).to.deep.equal({ kind: 'deny', code: 'devapp_disabled', status: 403 })
    expect(found.steps.map(({ name, outcome }) => `${name} ${outcome}`)).to.deep.equal([
      'request_read pass',
      'policy_known pass',
      'hostname pass',
      'registry_read pass',
      'certificate_presented pass',
      'certificate_validity pass',
      'certificate_purpose pass',
      'certificate_registered pass',
      'revocation pass',
      'basic not_asked',
      'devapp_selected pass',
      'devapp_enabled deny',
      'product_selected would_deny',
      'qwac would_deny',
      'psd2_roles would_deny',
      'psd2_authorised pass',
      'signature not_asked',
    ])
    expect(found.answer.headers).to.include({ 'content-type': 'application/json', 'cache-control': 'no-store' })
    expect(JSON.parse(found.answer.body ?? '')).to.deep.include({ code: 'devapp_disabled' })
    expect(found.nearMisses.map(({ kind }) => kind)).to.deep.equal(['devapp_disabled'])
  })

  it('never asks a responder about a certificate that nobody registered, and names what it nearly is', async () => {
    const found = await explanation(file('acmeOfOtherCa.pem'), '--policy', 'data')
    expect(found.decision.code).to.equal('cert_issuer_mismatch')
    expect(stepOf(found, 'revocation')).to.include({ outcome: 'not_reached' })
    expect(found.nearMisses[0]).to.include({ kind: 'other_issuer', provenIssuer: false })
    const { code, stdout } = await explained(file('acmeOfOtherCa.pem'), '--policy', 'data')
    expect(code).to.equal(1)
    expect(stdout).to.contain(
      'Near misses\n  other_issuer: acme (acme, production) has a certificate with the same serial',
    )
    expect(stdout).to.match(/^Refused: cert_issuer_mismatch\. The caller gets:\n {2}HTTP 401$/m)
  })

  it('says what the responder did where it gives no answer', async () => {
    const found = await explanation(file('otherQtsp.pem'), '--policy', 'accounts')
    expect(found.decision).to.deep.equal({ kind: 'deny', code: 'revocation_unavailable', status: 503 })
    expect(found.answer.headers).to.include({ 'retry-after': '5' })
    const tried = stepOf(found, 'revocation')?.evidence['tried']
    expect([tried].flat()[0]).to.match(/^http:\/\/127\.0\.0\.1:\d+ \w+ in \d+ ms$/)
  })

  it('says where a caller meets a TLS alert instead of the answer', async () => {
    for (const [name, words] of [
      ['expired', 'only an open connection gets this answer'],
      ['forServers', 'only an open connection gets this answer'],
      ['ofUnregisteredCa', "No CA in Envoy's trust store issued it"],
    ] as const) {
      const { handshake } = await explanation(file(`${name}.pem`), '--policy', 'data')
      expect(handshake, name).to.contain(words)
    }
    expect(await explanation(file('stranger.pem'), '--policy', 'data')).to.include({ handshake: null })
  })

  it('judges as of another time, for which the answer of today does not count', async () => {
    const found = await explanation(file('acme.pem'), '--policy', 'data', '--at', '2001-01-01T00:00:00Z')
    expect(found.decision.code).to.equal('cert_not_yet_valid')
    expect(stepOf(found, 'revocation')).to.include({ outcome: 'would_deny', code: 'revocation_unavailable' })
    expect([stepOf(found, 'revocation')?.evidence['tried']].flat().join()).to.contain(
      'the answer of the responder was rejected',
    )
  })

  describe('with HTTP Basic', () => {
    const partner = ['--policy', 'partner', '--basic', 'acme-key'] as const

    it('says that the secret was taken as right', async () => {
      const { code, stdout } = await explained(file('acme.pem'), ...partner)
      expect(code).to.equal(0)
      expect(stdout).to.match(/^✓ basic +the ClientKey acme-key is known; the secret was not checked: taken as right$/m)
    })

    it('checks a secret from standard input, and shows it nowhere', async () => {
      for (const [secret, outcome] of [
        [parties.secrets.acme, 'pass'],
        ['wrong-secret', 'deny'],
      ] as const) {
        const argv = [file('acme.pem'), ...partner, '--secret-stdin', '--config', config]
        const { stdout, stderr } = await run(
          (args, io) => explain(args, io, Readable.from([`${secret}\n`])),
          ...argv,
          '--json',
        )
        expect(stepOf(JSON.parse(stdout), 'basic')?.outcome).to.equal(outcome)
        expect(stdout + stderr).not.to.contain(secret)
      }
    })

    it("names the certificate's DevApp where the ClientKey is of another one", async () => {
      const found = await explanation(file('acme.pem'), '--policy', 'partner', '--basic', 'bolt-key')
      expect(found.decision.code).to.equal('devapp_mismatch')
      expect(found.nearMisses[0]).to.deep.include({ kind: 'other_devapp', devApps: ['acme'] })
    })
  })

  describe('with the answers of the fleet', () => {
    let client: Redis
    let fleet: OcspRevocation | undefined

    before(() => {
      writeFiles(withRedis)
      client = new Redis(redis.url)
    })
    afterEach(() => fleet?.close())
    after(() => {
      client.disconnect()
      writeFiles()
    })

    it('finds what a service shared, names the tier, and leaves it as it is', async () => {
      const loaded = configurationIn(config)
      const store = openRegistrySource(loaded.registry, { onLoaded: () => {}, onRefused: () => {} })
      await store.reload()
      const binding = store.snapshot()?.bindingOf(certificateFromPem(parties.certificates.acme.pem))
      if (binding?.status !== 'registered') throw new Error('acme is not registered')
      const options = revocationOptions(loaded.ocsp, () => {})
      const service = openRevocation(options, { clock: () => new Date() })
      fleet = service
      await eventually(async () => {
        await service.refresh(binding.certificate)
        return (await client.keys('test:ocsp:2:*')).length > 0
      })
      const [key = ''] = await client.keys('test:ocsp:2:*')
      const stored = await client.getBuffer(key)

      const found = await explanation(file('acme.pem'), '--policy', 'data')
      expect(stepOf(found, 'revocation')?.evidence).to.include({ tier: 'redis', status: 'good' })
      // Judged as of the past it is worth nothing, and is still not removed.
      await explanation(file('acme.pem'), '--policy', 'data', '--at', '2001-01-01T00:00:00Z')
      await explanation(file('revoked.pem'), '--policy', 'data')
      expect(await client.getBuffer(key)).to.deep.equal(stored)
      expect(await client.keys('test:*')).to.deep.equal([key])
    })

    it('asks the responder where Redis cannot be reached, and says so', async () => {
      writeFiles((example) => withRedis(example).replace(redis.url, 'redis://127.0.0.1:1'))
      const found = await explanation(file('acme.pem'), '--policy', 'data')
      expect(stepOf(found, 'revocation')?.evidence).to.include({ tier: 'responder' })
      expect([stepOf(found, 'revocation')?.evidence['tried']].flat().join()).to.contain('Redis could not be reached')
    })
  })

  it('says what a CRL says where OCSP has no answer, and what is said of the CA, as of the time that is asked for', async () => {
    const root = Authority.root()
    const authority = await TestResponder.start()
    const issuing = root.issueAuthority({ commonName: 'Issuing', ocspUrls: [authority.url] })
    const crlUrl = authority.url.replace('ocsp', 'list.crl')
    const leaf = issuing.issue({ commonName: 'acme', ocspUrls: [], crlUrls: [crlUrl] })
    const list = crl({ issuer: issuing.certificate })
    const ofTheCa = ocspResponse({ authority: root, certificate: issuing.certificate })
    authority.behaviour = (request, response) =>
      request.path === '/list.crl' ? response.writeHead(200).end(list) : answering(ofTheCa)(request, response)
    const alone = temporaryFolder('explain-crl')
    try {
      const ocsp = { check: 'chain', allow_private_addresses: true, crl: { enabled: true } }
      const configuration = writeConfig(alone.path, { ocsp })
      const acme = { id: 'acme', name: 'Acme', client_key: 'k', certificates: [{ chain: leaf.pem + issuing.chainPem }] }
      writeFileSync(join(alone.path, 'devapps.yaml'), JSON.stringify({ devapps: [acme] }))
      writeFileSync(join(alone.path, 'leaf.pem'), leaf.pem)
      const argv = ['--policy', 'data', '--config', configuration, '--at', fixedNow.toISOString(), '--json']
      const { code, stdout } = await run(explain, join(alone.path, 'leaf.pem'), ...argv)
      const { evidence } = stepOf(JSON.parse(stdout), 'revocation') ?? ({} as never)
      expect(code, stdout).to.equal(0)
      expect(evidence).to.include({
        status: 'good',
        source: 'crl',
        saidBy: crlUrl,
        thisUpdate: '2026-06-15T11:00:00.000Z',
      })
      expect(evidence).to.include({ nextUpdate: '2026-06-16T11:00:00.000Z' })
      expect([evidence['issuers']].flat()[0]).to.match(/^CN=Issuing\S*.*: good, said by http:\S+\/ocsp, signed by /)
    } finally {
      await authority.stop()
      alone.remove()
    }
  })

  describe('and the service', () => {
    let revocation: OcspRevocation
    let psd2: Psd2Lists | undefined
    let decide: (attributes: CheckAttributes) => Promise<CheckResponse>

    before(async () => {
      const loaded = configurationIn(config)
      const clock = () => new Date()
      const registry = openRegistrySource(loaded.registry, { onLoaded: () => {}, onRefused: () => {} })
      await registry.reload()
      revocation = openRevocation(
        revocationOptions(loaded.ocsp, () => {}),
        { clock },
      )
      psd2 = new Psd2Lists({ ...loaded, onLoaded: () => {}, onRefused: () => {} })
      const service = checkService({
        ports: {
          ...{ registry, revocation, clock, secrets: new ClientSecrets(() => false) },
          ...{
            qtsps: psd2,
            withdrawals: psd2,
            trials: nothingToTry,
            attempts: nobodyLocked,
            signatures: nothingSigned,
          },
        },
        settings: () => ({ ...loaded, deadlineMs: 30_000 }),
        certificates: ofStrangers,
        onDecision: () => {},
      })
      decide = (attributes) =>
        new Promise((resolve, reject) => {
          const request = checkRequest(attributes)
          service({ request }, (error, response) => (error ? reject(error) : resolve(responseIn(response))))
        })
    })
    after(() => {
      psd2?.stop()
      return revocation?.close()
    })

    const onTls = { sni: 'api2.example.com', host: 'api2.example.com' }
    const basic = (key: string, secret: string) => ({
      authorization: `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`,
    })
    const certified = (name: Named, policy: string, changes: CheckAttributes = {}): CheckAttributes => ({
      ...{ policy, certificate: encodeURIComponent(parties.certificates[name].pem) },
      ...changes,
    })
    const everyCertificate = () => Object.keys(parties.certificates) as Named[]
    const vectors = (): CheckAttributes[] => [
      ...everyCertificate().map((name) => certified(name, 'data')),
      ...(['fintech', 'payer', 'fintechReissued', 'acme'] as const).map((name) => certified(name, 'accounts')),
      ...['acme-key', 'bolt-key', 'nobody'].map((key) =>
        certified('acme', 'partner', { headers: basic(key, parties.secrets.acme) }),
      ),
      certified('shared', 'data', { headers: { 'x-client-key': 'shared-two' } }),
      certified('shared', 'data', { headers: { 'x-client-key': 'acme-key' } }),
      certified('acme', 'nonesuch'),
      certified('acme', 'data', onTls),
      certified('acme', 'callback', onTls),
      { certificate: encodeURIComponent(parties.certificates.acme.pem) },
      { policy: 'data' },
      { policy: 'data', certificate: 'not PEM' },
      { policy: 'callback', ...onTls },
      { policy: 'callback', ...onTls, headers: { authorization: 'Basic YTpi,Basic YTpi' } },
      ...['acme-key', 'nobody'].map((key) => ({
        ...{ policy: 'merchant', ...onTls, headers: { ...basic(key, parties.secrets.acme), 'x-request-id': 'r-1' } },
      })),
      { policy: 'merchant', ...onTls, headers: { authorization: 'Basic !' } },
      { policy: 'merchant', ...onTls },
    ]

    it('decide alike, to the last header, whatever is asked', async () => {
      const codes = new Set<string>()
      for (const attributes of vectors()) {
        writeFileSync(file('request.json'), JSON.stringify(checkRequest(attributes)))
        const { decision, answer, steps } = await explanation('--request', file('request.json'))
        const { denied_response: denied, ok_response: ok } = await decide(attributes)
        const headers = (denied ?? ok)?.headers?.map(({ header }) => [header?.key, header?.value]) ?? []
        const status = answer.status === null ? null : statusName(answer.status)
        expect({ ...answer, status }, JSON.stringify(attributes.policy)).to.deep.equal({
          status: denied?.status?.code ?? null,
          headers: Object.fromEntries(headers),
          removed: ok?.headers_to_remove ?? [],
          body: denied?.body ?? null,
        })
        expect(steps.find(({ outcome }) => outcome === 'deny')?.code ?? 'allow').to.equal(decision.code)
        codes.add(decision.code)
      }
      expect(codes.size, [...codes].join()).to.be.greaterThan(18)
    })
  })
})

/** As proto/ calls it: `MisdirectedRequest`. */
function statusName(code: number): string {
  return (STATUS_CODES[code] ?? '').replace(/\W/g, '')
}
