import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { truststore } from '../../../src/cli/truststore.ts'
import { certificatesFromPem } from '../../../src/pki/certificate.ts'
import { Authority } from '../../support/pki.ts'
import { temporaryFolder } from '../../support/temporary_folder.ts'

const issuing = Authority.root().issueAuthority()
const configuration = {
  hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
  policies: { data: { channel: 'mtls', require: ['certificate'] } },
  registry: { file: 'devapps.yaml' },
}
const acme = {
  ...{ id: 'acme', name: 'Acme', client_key: 'acme-key' },
  certificates: [{ chain: issuing.issue().pem + issuing.chainPem }],
}

describe('devapp-authz truststore', () => {
  const folder = temporaryFolder('truststore')
  const [config, registry, out] = ['authz.yaml', 'devapps.yaml', 'truststore.pem'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string]
  after(() => folder.remove())
  beforeEach(() => {
    writeFileSync(config, stringify(configuration))
    writeFileSync(registry, stringify({ devapps: [acme] }))
  })

  async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const written = { stdout: '', stderr: '' }
    const write = (stream: 'stdout' | 'stderr') => (text: string) => {
      written[stream] += text
    }
    const code = await truststore(argv, { stdout: write('stdout'), stderr: write('stderr') })
    return { code, ...written }
  }
  /** What it says when it rejects. */
  const refusal = () =>
    run('--config', config, '--out', out).then(
      () => 'accepted',
      (error: unknown) => (error as Error).message,
    )
  const trusted = () => certificatesFromPem(readFileSync(out, 'utf8')).map(({ commonNames }) => commonNames[0])

  it('writes the CAs of the registered chains, readable for Envoy, and nothing beside the file', async () => {
    const result = await run('--config', config, '--out', out)
    expect(result).to.deep.equal({ code: 0, stdout: `${out} trusts 2 CAs\n`, stderr: '' })
    expect(trusted()).to.have.members(['Example Issuing CA', 'Example Root CA'])
    expect(statSync(out).mode & 0o444).to.equal(0o444)
    expect(readdirSync(folder.path).sort()).to.deep.equal(['authz.yaml', 'devapps.yaml', 'truststore.pem'])
  })

  it('replaces the old file in one step, by another one', async () => {
    await run('--config', config, '--out', out)
    const { ino } = statSync(out)
    writeFileSync(registry, stringify({ devapps: [{ ...acme, status: 'disabled' }] }))
    expect(await run('--config', config, '--out', out)).to.deep.include({ code: 0, stdout: `${out} trusts 0 CAs\n` })
    expect(trusted()).to.deep.equal(['Nobody holds the key of this trust anchor'])
    expect(statSync(out).ino).to.not.equal(ino)
  })

  it('leaves the old file as it is where the registry or the configuration has a problem', async () => {
    await run('--config', config, '--out', out)
    const before = readFileSync(out, 'utf8')
    writeFileSync(
      registry,
      stringify({ devapps: [{ ...acme, certificates: [{ chain: issuing.chainPem.slice(0, -40) }] }] }),
    )
    expect(await refusal()).to.match(/devapps\[0\]\.certificates\[0\]\.chain/)
    writeFileSync(config, stringify({ ...configuration, deadline: 5 }))
    expect(await refusal()).to.match(/authz\.yaml:\d+: deadline/)
    expect(readFileSync(out, 'utf8')).to.equal(before)
  })

  it('explains itself, and wrong calls', async () => {
    expect(await run('--help')).to.deep.include({ code: 0, stderr: '' })
    expect((await run('--help')).stdout).to.match(/Usage: devapp-authz truststore --config FILE --out FILE/)
    for (const argv of [[], ['--config', config], ['--out', out], ['--quiet'], [config, out]]) {
      const { code, stdout, stderr } = await run(...argv)
      expect([code, stdout]).to.deep.equal([2, ''])
      expect(stderr).to.match(/^devapp-authz truststore: [^\n]+\n\n.*Usage:/s)
    }
  })
})
