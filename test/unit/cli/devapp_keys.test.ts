import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { devAppAttachKey } from '../../../src/cli/devapp_attach_key.ts'
import { devAppDetachKey } from '../../../src/cli/devapp_detach_key.ts'
import { devAppList } from '../../../src/cli/devapp_list.ts'
import { devAppShow } from '../../../src/cli/devapp_show.ts'
import { devApp } from '../../support/evidence.ts'
import { signingKey } from '../../support/signing_keys.ts'
import { devAppRegistry, printed } from './devapp_fixture.ts'

const rsa = signingKey('rsa-pss-sha512', 'rsa-2026')
const ed = signingKey('ed25519', 'ed-2026')

describe('devapp-authz devapp attach-key and detach-key', () => {
  const { registry, folder, holds, find, run } = devAppRegistry()
  const written = (name: string, content: string | Uint8Array): string => {
    const file = join(folder, name)
    writeFileSync(file, content)
    return file
  }
  const attached = async () => (await find('acme'))?.publicKeys
  beforeEach(() => holds(devApp()))

  it('attaches several, for rotation without a gap, and shows them', async () => {
    const { code, stdout } = await run(devAppAttachKey, 'acme', written('rsa.pem', rsa.pem), '--id', 'rsa-2026')
    expect({ code, stdout }).to.deep.equal({
      code: 0,
      stdout: `attached rsa-2026 (RSA 2048, rsa-pss-sha512) to acme: requests signed with it pass from the next one on\nsha256 ${rsa.publicKey.sha256}\n`,
    })
    await run(devAppAttachKey, 'acme', written('ed.pem', ed.pem), '--id', 'ed-2026')
    expect(await attached()).to.deep.equal([rsa.publicKey, ed.publicKey])
    const detail = { key: 'rsa-2026', algorithm: 'rsa-pss-sha512', sha256: rsa.publicKey.sha256 }
    expect(registry.store.audit[0]).to.deep.include({ action: 'attach_key', by: 'sam@workstation', detail })

    const shown = await run(devAppShow, 'acme')
    expect(shown.stdout)
      .to.match(/^Public keys +2$/m)
      .and.match(/^ed-2026 +Ed25519 +ed25519 +[0-9a-f]{64}$/m)
    expect(printed(await run(devAppShow, 'acme', '--json')).publicKeys).to.deep.equal([
      { id: 'rsa-2026', kind: 'RSA 2048', algorithm: 'rsa-pss-sha512', sha256: rsa.publicKey.sha256 },
      { id: 'ed-2026', kind: 'Ed25519', algorithm: 'ed25519', sha256: ed.publicKey.sha256 },
    ])
    expect((await run(devAppList)).stdout).to.contain('rsa-2026, ed-2026')
  })

  it('takes the algorithm that an RSA key is to sign by', async () => {
    await run(devAppAttachKey, 'acme', written('rsa.pem', rsa.pem), '--id', 'old', '--algorithm', 'rsa-v1_5-sha256')
    expect((await attached())?.[0]?.algorithm).to.equal('rsa-v1_5-sha256')
    const wrong = await run(
      devAppAttachKey,
      'acme',
      written('ed.pem', ed.pem),
      '--id',
      'k',
      '--algorithm',
      'rsa-v1_5-sha256',
    )
    expect(wrong).to.deep.include({ code: 1 })
    expect(wrong.stderr).to.contain('rsa-v1_5-sha256 is no algorithm of this key; write ed25519')
  })

  it('changes nothing where the key is attached already', async () => {
    const again = ['acme', written('rsa.pem', rsa.pem), '--id', 'rsa-2026'] as const
    await run(devAppAttachKey, ...again)
    const { code, stdout } = await run(devAppAttachKey, ...again)
    expect({ code, stdout: stdout.split('\n')[0] }).to.deep.equal({
      ...{ code: 0, stdout: 'rsa-2026 (RSA 2048, rsa-pss-sha512) was attached to acme already' },
    })
    expect(registry.store.audit).to.have.length(1)
  })

  it('refuses an id that another key has, and a key that has another id', async () => {
    await run(devAppAttachKey, 'acme', written('rsa.pem', rsa.pem), '--id', 'k')
    const sameId = await run(devAppAttachKey, 'acme', written('ed.pem', ed.pem), '--id', 'k')
    expect(sameId.stderr).to.contain('acme has another key k')
    const sameKey = await run(devAppAttachKey, 'acme', written('rsa.pem', rsa.pem), '--id', 'other')
    expect(sameKey.stderr).to.contain('acme has this key already as k')
    expect(await attached()).to.have.length(1)
  })

  it('refuses a private key, tells to treat it as leaked, and repeats nothing of it', async () => {
    const pem = ed.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const { code, stdout, stderr } = await run(devAppAttachKey, 'acme', written('private.pem', pem), '--id', 'k')
    expect(code).to.equal(1)
    expect(stderr).to.contain('this is a private key').and.contain('treat the key as leaked')
    expect(stdout + stderr).to.not.contain(pem.split('\n')[1])
    expect(await attached()).to.deep.equal([])
  })

  it('names what is wrong with its arguments', async () => {
    const file = written('ed.pem', ed.pem)
    for (const [argv, said] of [
      [['acme', file], '--id KEYID is missing'],
      [['acme', file, '--id', 'a b'], '--id: "a b" cannot be used'],
      [['acme', file, '--id', 'k', '--algorithm', 'hmac-sha256'], '--algorithm: one of'],
    ] as const) {
      const { code, stderr } = await run(devAppAttachKey, ...argv)
      expect(code, said).to.equal(2)
      expect(stderr).to.contain(said)
    }
    expect((await run(devAppAttachKey, 'nobody', file, '--id', 'k')).stderr).to.contain('there is no DevApp nobody')
  })

  it('detaches the key that an id or a fingerprint names, and warns of the last one', async () => {
    holds(devApp({ publicKeys: [rsa.publicKey, ed.publicKey] }))
    expect(await run(devAppDetachKey, 'acme', 'rsa-2026')).to.deep.equal({
      ...{ code: 0, stderr: '', stdout: 'detached rsa-2026 from acme: the next request signed with it is refused\n' },
    })
    const { stderr } = await run(devAppDetachKey, 'acme', ed.publicKey.sha256)
    expect(stderr).to.contain('it was the last key of acme')
    expect(await attached()).to.deep.equal([])
    expect((await run(devAppDetachKey, 'acme', 'rsa-2026')).stderr).to.contain(
      'rsa-2026 is no key of acme; attached: none',
    )
  })
})
