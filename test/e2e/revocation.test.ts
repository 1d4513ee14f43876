import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import { certIdOf } from '../../src/pki/ocsp_request.ts'
import { crl } from '../support/crl.ts'
import { type LiveGateway, type LiveGatewayOptions, startLiveGateway } from '../support/live_gateway.ts'
import { type OcspResponseOptions, ocspResponse } from '../support/ocsp.ts'
import { Authority, type IssuedCertificate } from '../support/pki.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { answering, type Behaviour, silent, TestResponder } from '../support/test_responder.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const now = new Date()
const minutes = (count: number): Date => new Date(now.getTime() + count * 60_000)

// One that may also sign handshakes: otherwise TLS alone would keep it out.
const root = Authority.root({ commonName: 'Root', now, keyUsage: ['keyCertSign', 'cRLSign', 'digitalSignature'] })

type Said = Partial<Omit<OcspResponseOptions, 'authority' | 'certificate'>>

/** What proxies that ask OCSP are tested for, asked of the whole gateway. */
describe('revocation through the real Envoy', function () {
  this.timeout(30_000)
  let responder: TestResponder
  let issuing: Authority
  let leaf: IssuedCertificate
  let ecLeaf: IssuedCertificate
  let gateway: LiveGateway | undefined
  /** What the responder says, by serial number; it is silent about others. */
  const said = new Map<string, { authority: Authority; certificate: IssuedCertificate; options: Said }>()

  const about = (authority: Authority, certificate: IssuedCertificate, options: Said = {}): void => {
    said.set(certificate.serialNumber, { authority, certificate, options })
  }
  const answeringAll: Behaviour = (request, response) => {
    const found = [...said.values()].find(({ certificate, authority }) => {
      const subject = {
        certificate: certificateFromDer(certificate.der),
        issuer: certificateFromDer(authority.certificate.der),
      }
      return request.der.includes(Buffer.from(certIdOf(subject).serialNumber, 'hex'))
    })
    if (found === undefined) return silent(request, response)
    const { authority, certificate, options } = found
    const times = { thisUpdate: minutes(-1), nextUpdate: minutes(60) }
    answering(ocspResponse({ authority, certificate, ...times, ...options }))(request, response)
  }

  beforeEach(async () => {
    said.clear()
    responder = await TestResponder.start(answeringAll)
    issuing = root.issueAuthority({ commonName: 'Issuing', ocspUrls: [responder.url] })
    leaf = issuing.issue({ commonName: 'end', keyKind: 'rsa2048', ocspUrls: [responder.url] })
    ecLeaf = issuing.issue({ commonName: 'ec-end', ocspUrls: [responder.url] })
    about(issuing, leaf)
    about(issuing, ecLeaf)
  })
  afterEach(async () => {
    await gateway?.stop()
    gateway = undefined
    await responder.stop()
  })

  async function start(ocsp = '', changes: Partial<LiveGatewayOptions> = {}): Promise<LiveGateway> {
    const common = 'allow_private_addresses: true, timeout: 500ms'
    gateway = await startLiveGateway({
      registrations: [{ id: 'one', certificates: [leaf, ecLeaf] }],
      chainPem: issuing.chainPem,
      ocsp: `{ ${common}${ocsp === '' ? '' : `, ${ocsp}`} }`,
      ...changes,
    })
    return gateway
  }

  function purge({ adminAddress }: LiveGateway): void {
    const { status, stderr } = spawnSync(process.execPath, [main, 'ocsp', 'purge', '--all', '--admin', adminAddress])
    expect(status, String(stderr)).to.equal(0)
  }

  it('passes a certificate that its issuer calls good, and remembers the answer', async () => {
    const { ask } = await start()
    expect(await ask({ certificate: leaf })).to.include({ status: 200 })
    const asked = responder.requests.length
    responder.behaviour = silent
    expect(await ask({ certificate: leaf })).to.include({ status: 200 })
    expect(responder.requests.length).to.equal(asked)
  })

  it('refuses a revoked certificate', async () => {
    about(issuing, leaf, { status: 'revoked' })
    const { ask } = await start()
    expect(await ask({ certificate: leaf })).to.include({ status: 401, code: 'cert_revoked' })
  })

  it('has asked before the request comes', async () => {
    const live = await start()
    await responder.received(2)
    await live.ask({ certificate: ecLeaf })
    const decision = await live.service.logged(({ msg, code }) => msg === 'decision' && code === 'allow')
    expect(decision).to.include({ tier: 'memory' })
  })

  it("with check: chain, refuses while the CA's responder does not answer, and passes once it does", async () => {
    const { ask } = await start('check: chain, cache: { failure_max_age: 50ms }, refresh: { retry: 100ms }')
    expect(await ask({ certificate: leaf })).to.include({ status: 503, code: 'revocation_unavailable' })
    about(root, issuing.certificate)
    let answer = await ask({ certificate: leaf })
    for (let tries = 0; answer.status !== 200 && tries < 50; tries++) answer = await ask({ certificate: leaf })
    expect(answer).to.include({ status: 200 })
  })

  it('with check: chain, refuses a certificate whose CA is revoked', async () => {
    about(root, issuing.certificate, { status: 'revoked' })
    const { ask } = await start('check: chain')
    expect(await ask({ certificate: leaf })).to.include({ status: 401, code: 'issuer_revoked' })
  })

  it("lets the operator's responder override the certificate's own", async () => {
    about(issuing, leaf, { status: 'revoked' })
    const other = await TestResponder.start(
      answering(
        ocspResponse({ authority: issuing, certificate: leaf, thisUpdate: minutes(-1), nextUpdate: minutes(60) }),
      ),
    )
    const override = `issuers: [{ certificate: issuing.pem, responder: "${other.url}" }]`
    const { ask } = await start(override, { files: { 'issuing.pem': issuing.certificate.pem } })
    expect(await ask({ certificate: leaf })).to.include({ status: 200 })
    await other.stop()
  })

  it('uses a remembered good answer until it ends, and learns of the revocation when it is purged', async () => {
    const live = await start()
    expect(await live.ask({ certificate: leaf })).to.include({ status: 200 })
    about(issuing, leaf, { status: 'revoked', thisUpdate: minutes(0) })
    expect(await live.ask({ certificate: leaf })).to.include({ status: 200 })
    purge(live)
    expect(await live.ask({ certificate: leaf })).to.include({ status: 401, code: 'cert_revoked' })
  })

  it("refuses an answer that an ancestor signed, and takes the issuer's", async () => {
    about(issuing, ecLeaf, { responder: root.certificate })
    const { ask } = await start('cache: { failure_max_age: 50ms }')
    expect(await ask({ certificate: ecLeaf })).to.include({ status: 503, code: 'revocation_unavailable' })
    about(issuing, ecLeaf)
    let answer = await ask({ certificate: ecLeaf })
    for (let tries = 0; answer.status !== 200 && tries < 50; tries++) answer = await ask({ certificate: ecLeaf })
    expect(answer).to.include({ status: 200 })
  })

  it('asks on a resumed TLS session as on a new one', async () => {
    const live = await start()
    const session = await live.session({ certificate: leaf })
    expect(await live.ask({ certificate: leaf, session })).to.include({ status: 200 })
    about(issuing, leaf, { status: 'revoked', thisUpdate: minutes(0) })
    purge(live)
    const resumed = await live.ask({ certificate: leaf, session })
    expect(resumed).to.include({ status: 401, code: 'cert_revoked' })
  })

  it('refuses the self-signed root of a registered chain as client certificate', async () => {
    const { ask } = await start()
    expect(await ask({ certificate: root.certificate })).to.include({ status: 401, code: 'cert_not_registered' })
  })

  it("keeps Envoy's log free of errors", async () => {
    const live = await start()
    await live.ask({ certificate: leaf })
    expect(live.envoy.log()).not.to.match(/\[(error|critical)\]/)
  })

  it('falls back on the CRL where the certificate names no responder, and refuses what it lists', async () => {
    const list = (revoked: { serialNumber: string }[]) =>
      crl({ issuer: issuing.certificate, thisUpdate: minutes(-1), nextUpdate: minutes(60), revoked })
    const held = issuing.issue({ commonName: 'listed', crlUrls: [`${responder.url}/all.crl`] })
    const free = issuing.issue({ commonName: 'unlisted', crlUrls: [`${responder.url}/all.crl`] })
    const der = list([{ serialNumber: held.serialNumber }])
    responder.behaviour = answering(der, 'application/pkix-crl')
    const { ask } = await start('crl: { enabled: true }', {
      registrations: [{ id: 'one', certificates: [held, free] }],
    })
    expect(await ask({ certificate: free })).to.include({ status: 200 })
    expect(await ask({ certificate: held })).to.include({ status: 401, code: 'cert_revoked' })
  })

  it('shows the SRE each certificate, and hands out the signed answer', async () => {
    const { adminAddress, ask } = await start()
    await ask({ certificate: leaf })
    const run = (...words: string[]) =>
      spawnSync(process.execPath, [main, 'ocsp', ...words, '--admin', adminAddress], { encoding: 'utf8' })
    const listed = run('status')
    expect(listed.stdout).to.match(/\bend\b.*good/)
    const folder = temporaryFolder('answer')
    writeFileSync(join(folder.path, 'leaf.pem'), leaf.pem)
    writeFileSync(join(folder.path, 'issuer.pem'), issuing.certificate.pem)
    const got = run('get', join(folder.path, 'leaf.pem'), '--out', join(folder.path, 'answer.der'))
    expect(got.status, got.stderr).to.equal(0)
    const files = ['--response', 'answer.der', '--cert', 'leaf.pem', '--issuer', 'issuer.pem']
    const verified = spawnSync(process.execPath, [main, 'ocsp', 'verify', ...files, '--json'], {
      cwd: folder.path,
      encoding: 'utf8',
    })
    expect(JSON.parse(verified.stdout)).to.include({ status: 'good' })
    folder.remove()
  })
})
