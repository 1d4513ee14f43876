import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ocspVerify } from '../../../src/cli/ocsp_verify.ts'
import { ocspRejections } from '../../../src/pki/ocsp_rejection.ts'
import { type OcspResponseOptions, ocspResponse } from '../../support/ocsp.ts'
import { Authority } from '../../support/pki.ts'

function run(...argv: string[]) {
  let [stdout, stderr] = ['', '']
  const code = ocspVerify(argv, {
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
  })
  return { code, stdout, stderr }
}

describe('devapp-authz ocsp verify', () => {
  const authority = Authority.root()
  const certificate = authority.issue()
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'ocsp-verify-'))
    writeFileSync(join(folder, 'leaf.pem'), `Subject: somebody\n${certificate.pem}${authority.certificate.pem}`)
    writeFileSync(join(folder, 'leaf.der'), certificate.der)
    writeFileSync(join(folder, 'ca.pem'), authority.certificate.pem)
    writeFileSync(join(folder, 'empty'), '')
    writeFileSync(join(folder, 'huge'), Buffer.alloc(1_048_577, 0x30))
  })
  after(() => rmSync(folder, { recursive: true }))

  const at = ['--at', '2026-06-15T12:00:00Z']
  const file = (name: string): string => join(folder, name)
  const files = (cert = 'leaf.pem'): string[] => [
    ...['--response', file('response.der'), '--cert', file(cert), '--issuer', file('ca.pem')],
  ]
  function judge(response: Partial<OcspResponseOptions> | Buffer, ...more: string[]) {
    const bytes = Buffer.isBuffer(response) ? response : ocspResponse({ authority, certificate, ...response })
    writeFileSync(file('response.der'), bytes)
    return run(...files(), ...at, ...more)
  }
  const json = (response: Partial<OcspResponseOptions> | Buffer, ...more: string[]) =>
    JSON.parse(judge(response, ...more, '--json').stdout)

  it('prints good with its times, and exits with 0', () => {
    const { code, stdout, stderr } = judge({})
    expect(stdout.split('\n')).to.deep.equal([
      'status       good',
      'thisUpdate   2026-06-15T11:00:00.000Z',
      'nextUpdate   2026-06-16T11:00:00.000Z',
      'usableUntil  2026-06-16T11:00:00.000Z',
      'producedAt   2026-06-15T11:00:00.000Z',
      'responder    CN=Example Root CA,O=Example Oy,C=FI',
      '',
    ])
    expect([code, stderr]).to.deep.equal([0, ''])
  })

  it('prints revoked with its reason and time, and exits with 1', () => {
    const { code, stdout } = judge({
      status: 'revoked',
      reason: 'certificateHold',
      revokedAt: new Date('2026-06-01T00:00:00Z'),
    })
    expect(code).to.equal(1)
    expect(stdout).to.match(/^status +revoked\nreason +certificateHold\nrevokedAt +2026-06-01T00:00:00.000Z\n/)
  })

  it('prints unknown, and exits with 1', () => {
    const { code, stdout } = judge({ status: 'unknown' })
    expect([code, stdout.split('\n')[0]]).to.deep.equal([1, 'status       unknown'])
  })

  it('prints rejected with the code and its meaning, and exits with 1', () => {
    const { code, stdout } = judge({ signature: 'forged' })
    expect(code).to.equal(1)
    expect(stdout).to.match(
      /^status +rejected\ncode +signature_invalid\nmeaning +The response's signature does not hold\.\ndetail /,
    )
  })

  it('prints one JSON object with --json', () => {
    expect(json({ nextUpdate: undefined })).to.deep.equal({
      status: 'good',
      thisUpdate: '2026-06-15T11:00:00.000Z',
      nextUpdate: null,
      usableUntil: '2026-06-16T11:00:00.000Z',
      producedAt: '2026-06-15T11:00:00.000Z',
      responder: 'CN=Example Root CA,O=Example Oy,C=FI',
    })
    expect(json({ status: 'revoked' })).to.include({
      status: 'revoked',
      reason: null,
      revokedAt: '2026-06-15T10:00:00.000Z',
    })
    expect(json({ responseStatus: 3 })).to.deep.equal({
      ...{ status: 'rejected', code: 'not_successful', meaning: ocspRejections.not_successful, detail: 'tryLater' },
    })
  })

  it('rejects a response file that holds none, with the code malformed', () => {
    expect(json(Buffer.from('<html>'))).to.include({ status: 'rejected', code: 'malformed' })
    expect(json(Buffer.alloc(0))).to.include({ status: 'rejected', code: 'malformed' })
  })

  it('takes the certificate in DER too', () => {
    judge({})
    expect(run(...files('leaf.der'), ...at).code).to.equal(0)
  })

  it('judges as of --at, in any zone', () => {
    judge({})
    expect(run(...files(), '--at', '2026-06-16T12:59:00+02:00').code).to.equal(0)
    expect(run(...files(), '--at', '2026-06-16T11:02:00Z').stdout).to.contain('expired')
  })

  it('judges as of now without --at', () => {
    const thisUpdate = new Date(Date.now() - 60_000)
    writeFileSync(file('response.der'), ocspResponse({ authority, certificate, thisUpdate, nextUpdate: undefined }))
    expect(run(...files()).code).to.equal(0)
    expect(run(...files(), '--max-age', '30s', '--skew', '0s').stdout).to.contain('too_old')
  })

  it('applies --skew, --max-age and --allow-sha1', () => {
    const early = { thisUpdate: new Date('2026-06-15T12:04:00Z') }
    expect(json(early)).to.include({ code: 'not_yet_valid' })
    expect(json(early, '--skew', '5m')).to.include({ status: 'good' })
    const endless = { nextUpdate: undefined }
    expect(json(endless, '--max-age', '30m')).to.include({ code: 'too_old' })
    expect(json(endless, '--max-age', '2h')).to.include({ status: 'good' })
    expect(json({ signature: 'sha1' })).to.include({ code: 'signature_sha1' })
    expect(json({ signature: 'sha1' }, '--allow-sha1')).to.include({ status: 'good' })
  })

  it('helps', () => {
    for (const flag of ['--help', '-h']) {
      const { code, stdout, stderr } = run(flag)
      expect([code, stderr]).to.deep.equal([0, ''])
      for (const option of [
        '--response',
        '--cert',
        '--issuer',
        '--at',
        '--skew',
        '--max-age',
        '--allow-sha1',
        '--json',
      ])
        expect(stdout).to.contain(option)
    }
  })

  describe('exits with 2 and says why', () => {
    const wrong: [string, () => string[], string][] = [
      ['without files', () => [], '--response FILE is missing'],
      ['without the issuer', () => files().slice(0, 4), '--issuer FILE is missing'],
      ['with an unknown option', () => [...files(), '--frobnicate'], '--frobnicate'],
      ['with an argument that is no option', () => [...files(), 'x'], "'x'"],
      ['with a time without a zone', () => [...files(), '--at', '2026-06-15T12:00:00'], '--at'],
      ['with a time that does not exist', () => [...files(), '--at', '2026-13-15T12:00:00Z'], '--at'],
      ['with a duration without a unit', () => [...files(), '--skew', '30'], '--skew'],
      ['with a negative duration', () => [...files(), '--max-age=-1s'], '--max-age'],
      ['with a missing file', () => ['--response', file('none'), ...files().slice(2)], 'no such file'],
      ['with a folder', () => ['--response', folder, ...files().slice(2)], 'is a directory'],
      ['with a file that is too large', () => ['--response', file('huge'), ...files().slice(2)], 'larger than 1 MiB'],
      ['with a certificate that is none', () => files('empty'), 'no certificate in it'],
      ['with a certificate that cannot be read', () => files('response.der'), 'not a readable X.509 certificate'],
    ]
    for (const [what, argv, message] of wrong) {
      it(what, () => {
        judge({})
        const { code, stdout, stderr } = run(...argv())
        expect([code, stdout]).to.deep.equal([2, ''])
        expect(stderr)
          .to.contain(message)
          .and.to.match(/^devapp-authz ocsp verify: /)
      })
    }
  })
})
