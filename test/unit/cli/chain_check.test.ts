import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { chainCheck } from '../../../src/cli/chain_check.ts'
import type { Io } from '../../../src/cli/io.ts'
import { ocspResponse } from '../../support/ocsp.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'
import { answering, TestResponder } from '../../support/test_responder.ts'
import { run, writeConfig } from './ocsp_fixture.ts'

const root = Authority.root()
const issuing = root.issueAuthority()
const leaf = issuing.issue({ ocspUrls: ['http://ocsp.example.com/'] })
const chain = leaf.pem + issuing.chainPem
const at = ['--at', '2026-06-15T12:00:00Z']

describe('devapp-authz chain check', () => {
  const folder = temporaryFolder('chain-check')
  const file = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(folder.path, name), text)
    return join(folder.path, name)
  }
  const roots = ['--roots', file('root.pem', root.certificate.pem)]
  const good = file('good.pem', chain)
  const reversed = file('reversed.pem', root.certificate.pem + issuing.certificate.pem + leaf.pem)
  after(() => folder.remove())

  it('accepts a good chain, and exits with 0', async () => {
    const { code, stdout, stderr } = await run(chainCheck, good, ...roots, ...at)
    expect([code, stdout, stderr]).to.deep.equal([0, `${good} is accepted\n`, ''])
  })

  it('refuses another, and exits with 1: every problem with its place and cure, and the right order', async () => {
    const { code, stdout } = await run(chainCheck, reversed, ...at)
    expect(code).to.equal(1)
    expect(stdout.split('\n')).to.deep.equal([
      `${reversed} is refused: 2 problems`,
      '',
      'order_reversed',
      '  The chain stands upside down. The right order is 3, 2, 1.',
      '  Send the leaf first and the root last.',
      '',
      'root_not_accepted in certificate 1, CN=Example Root CA,O=Example Oy,C=FI',
      '  The root is not one of those that are accepted here.',
      '  Order a certificate from a CA that Mozilla accepts, or ask the operator whether yours can be added.',
      '',
      'The right order (chain check --write-fixed OUT writes it so)',
      '  1. CN=tpp.example.com,O=Example Oy,C=FI',
      '  2. CN=Example Issuing CA,O=Example Oy,C=FI',
      '  3. CN=Example Root CA,O=Example Oy,C=FI',
      '',
    ])
  })

  it('prints the same as JSON', async () => {
    const json = async (name: string) => JSON.parse((await run(chainCheck, name, ...roots, ...at, '--json')).stdout)
    expect(await json(good)).to.deep.equal({ accepted: true, problems: [], warnings: [] })
    expect(await json(reversed)).to.deep.equal({
      accepted: false,
      problems: [
        {
          ...{ code: 'order_reversed', position: null, subject: null },
          message: 'The chain stands upside down. The right order is 3, 2, 1.',
          cure: 'Send the leaf first and the root last.',
        },
      ],
      warnings: [],
    })
    expect((await json(file('half.pem', leaf.pem + issuing.certificate.pem))).problems[0]).to.include({
      ...{ code: 'missing_root', position: 2, subject: 'CN=Example Issuing CA,O=Example Oy,C=FI' },
    })
  })

  it('writes the chain in its right order, certificates only', async () => {
    const out = join(folder.path, 'fixed.pem')
    const { code, stderr } = await run(chainCheck, reversed, ...roots, ...at, '--write-fixed', out)
    expect([code, stderr]).to.deep.equal([1, `${out} has the chain in its right order\n`])
    expect(readFileSync(out, 'utf8')).to.equal(chain)
    expect(statSync(out).mode & 0o777).to.equal(0o644)
    const withKey = file('key.pem', leaf.privateKeyPem + chain)
    await run(chainCheck, withKey, ...roots, ...at, '--write-fixed', out)
    expect(readFileSync(out, 'utf8')).to.equal(chain)
    expect(readdirSync(folder.path).filter((name) => name.startsWith('fixed'))).to.deep.equal(['fixed.pem'])
  })

  it('writes nothing where there is no whole chain', async () => {
    const out = join(folder.path, 'none.pem')
    const { code, stderr } = await run(chainCheck, file('leaf.pem', leaf.pem), ...roots, ...at, '--write-fixed', out)
    expect([code, stderr]).to.deep.equal([1, `${out} was not written: the file does not hold a whole chain\n`])
    expect(readdirSync(folder.path)).not.to.include('none.pem')
  })

  it('reads standard input, and no more of it than a chain may have', async () => {
    const fromStdin = (input: Iterable<string>) =>
      run(
        (argv: string[], io: Io) =>
          chainCheck(
            argv,
            io,
            Readable.from(input).map((text) => Buffer.from(text)),
          ),
        '-',
        ...roots,
        ...at,
      )
    expect(await fromStdin([chain.slice(0, 100), chain.slice(100)])).to.include({
      code: 0,
      stdout: 'The chain is accepted\n',
    })
    const endless = {
      *[Symbol.iterator]() {
        for (;;) yield '#'.repeat(10_000)
      },
    }
    expect((await fromStdin(endless)).stdout).to.include('file_too_large')
  })

  it('takes roots from a folder, and from the configuration, beside those of Mozilla', async () => {
    const config = writeConfig(folder.path, { intake: { accepted_roots: 'root.pem' } })
    expect(await run(chainCheck, good, '--roots', folder.path, ...at)).to.include({ code: 0 })
    expect(await run(chainCheck, good, '--config', config, ...at)).to.include({ code: 0 })
    expect(await run(chainCheck, good, ...at)).to.include({ code: 1 })
  })

  it('refuses the issuers that the configuration names, instead of those it knows', async () => {
    const refusing = async (organization: string, refused_issuers: readonly object[] | undefined) => {
      const config = writeConfig(folder.path, { intake: { accepted_roots: 'root.pem', refused_issuers } })
      const authority = root.issueAuthority({ organization })
      const pem = authority.issue().pem + authority.chainPem
      return (await run(chainCheck, file('below.pem', pem), '--config', config, ...at)).code
    }
    expect(await refusing("Let's Encrypt", undefined)).to.equal(1)
    expect(await refusing("Let's Encrypt", [{ organization: 'Acme' }])).to.equal(0)
    expect(await refusing('ACME', [{ organization: 'Acme' }])).to.equal(1)
  })

  it('exits with 2 where it was called wrongly, or nothing could be judged', async () => {
    const broken = file('broken.yaml', 'listen: nowhere')
    const calls = [[], [good, reversed], [good, '--unknown'], [good, '--at', 'noon'], ['/nowhere/chain.pem']]
    const unusable = [
      [good, '--roots', '/nowhere'],
      [good, '--roots', join(folder.path, 'absent.pem')],
      [good, '--config', broken],
    ]
    for (const argv of [...calls, ...unusable]) {
      const { code, stdout, stderr } = await run(chainCheck, ...argv)
      expect([code, stdout], argv.join(' ')).to.deep.equal([2, ''])
      expect(stderr).to.match(/^devapp-authz chain check: .+\nTry --help\.\n$/s)
    }
    expect((await run(chainCheck, '--help')).stdout).to.include('Usage: devapp-authz chain check FILE')
  })

  describe('about revocation', () => {
    const now = new Date()
    const live = Authority.root({ now })
    let responder: TestResponder
    before(async () => {
      responder = await TestResponder.start()
    })
    after(() => responder.stop())

    async function asked(status: 'good' | 'revoked', ...argv: string[]) {
      const certificate = live.issue({ ocspUrls: [responder.url] })
      const [thisUpdate, nextUpdate] = [-60_000, 3_600_000].map((ms) => new Date(now.getTime() + ms)) as [Date, Date]
      responder.behaviour = answering(ocspResponse({ authority: live, certificate, status, thisUpdate, nextUpdate }))
      const before = responder.requests.length
      const path = file('live.pem', certificate.pem + live.chainPem)
      const config = writeConfig(folder.path, { ocsp: { allow_private_addresses: true } })
      const trusted = ['--roots', file('live-root.pem', live.certificate.pem), '--config', config]
      const { code, stdout } = await run(chainCheck, path, ...trusted, '--json', ...argv)
      const { problems } = JSON.parse(stdout)
      return [code, responder.requests.length - before, ...problems.map((each: { code: string }) => each.code)]
    }

    it('asks the issuer once, and refuses a revoked certificate', async () => {
      expect(await asked('good')).to.deep.equal([0, 1])
      expect(await asked('revoked')).to.deep.equal([1, 1, 'revoked'])
    })

    it('asks nobody with --offline, and with --at', async () => {
      expect(await asked('revoked', '--offline')).to.deep.equal([0, 0])
      expect(await asked('revoked', '--at', now.toISOString())).to.deep.equal([0, 0])
    })
  })
})
