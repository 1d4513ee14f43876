import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { DevApp } from '../../src/domain/devapp.ts'
import { FileDevAppStore } from '../../src/registry/file/file_devapp_store.ts'
import { FileStore } from '../../src/registry/file/file_store.ts'
import { hashGeneratedSecret } from '../../src/registry/secrets.ts'
import { RegistryError } from '../../src/registry/store.ts'
import { describeDevAppStore, registeredLeaf } from '../support/devapp_store_contract.ts'
import { devApp } from '../support/evidence.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const hash = hashGeneratedSecret('a secret')

describeDevAppStore('a registry file', async () => {
  const folder = temporaryFolder('file-devapp-store')
  const file = join(folder.path, 'devapps.yaml')
  writeFileSync(file, 'devapps: []\n')
  return {
    store: new FileDevAppStore(file),
    neighbour: new FileDevAppStore(file),
    source: (observer) => new FileStore(file, observer),
    close: async () => folder.remove(),
  }
})

describe('FileDevAppStore', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let file: string
  let store: FileDevAppStore
  beforeEach(() => {
    folder = temporaryFolder('file-devapp-store')
    file = join(folder.path, 'devapps.yaml')
    store = new FileDevAppStore(file, { lockWaitMs: 100 })
  })
  afterEach(() => folder.remove())

  const edit = (id: string, change: (current: DevApp | undefined) => DevApp | undefined) =>
    store.change({ id, action: 'enable', by: 'devapp', detail: {}, edit: change })
  const text = (): string => readFileSync(file, 'utf8')
  const refusal = async (change: Promise<unknown>): Promise<string> => {
    const error: unknown = await change.then(
      () => 'it was accepted',
      (failure: unknown) => failure,
    )
    expect(error).to.be.instanceOf(RegistryError)
    return (error as Error).message
  }
  /** All that is in the folder. */
  const files = (): string[] => readdirSync(folder.path).sort()

  const commented = `# Our registry. Ask Kim before you change it.

devapps:
  # The first one.
  - id: acme   # known as ACME
    name: 'Acme'
    client_key: acme-key
    products: [data, accounts] # since 2024

  # The second one.
  - client_key: "beta-key"
    id: beta
    # What its contract says.
    name: Beta
    client_secrets:
      # Nobody knows it.
      - hash: ${hash}

# The end.
`

  it('touches no other line than those that say something else', async () => {
    writeFileSync(file, commented)
    await edit('beta', (beta) => ({ ...beta!, name: 'Beta Oy', labels: { contact: 'api@beta.example' } }))
    expect(text()).to.equal(
      commented
        .replace('name: Beta\n', 'name: Beta Oy\n')
        .replace(`- hash: ${hash}\n`, `- hash: ${hash}\n    labels:\n      contact: api@beta.example\n`),
    )
  })

  it('takes a DevApp out with the comment above it, and leaves the others as they are', async () => {
    writeFileSync(file, commented)
    await edit('beta', () => undefined)
    const [before = ''] = commented.split('  # The second one.')
    expect(text()).to.equal(`${before}\n# The end.\n`)
  })

  it('adds a DevApp as people write one, and the CAs of its certificates once', async () => {
    writeFileSync(file, commented)
    const [first, second] = [registeredLeaf('gamma'), registeredLeaf('gamma-renewed')]
    await edit('gamma', () => devApp({ id: 'gamma', clientKey: 'g', certificates: [first, second] }))
    const [, name = ''] = /^chains:\n {2}(example-issuing-ca-[0-9a-f]{8}): \|$/m.exec(text()) ?? []
    expect(text().startsWith('# Our registry. Ask Kim before you change it.\n\nchains:\n')).to.equal(true)
    expect(text()).to.contain(`\n    name: Acme\n    client_key: g\n    products:\n      - data\n    certificates:\n`)
    expect(text().split(`        issuer: ${name}\n`)).to.have.lengthOf(3)
    expect(text().split('BEGIN CERTIFICATE')).to.have.lengthOf(1 + 2 + 2)
    expect(text()).to.contain(commented.slice(commented.indexOf('devapps:')))
    expect((await store.ownersOf(second.leaf.sha256)).map(({ id }) => id)).to.deep.equal(['gamma'])
  })

  it('edits a file that is written in braces, too', async () => {
    writeFileSync(file, '{ devapps: [{ id: acme, name: Acme, client_key: acme-key }] } # all on one line\n')
    await edit('beta', () => devApp({ id: 'beta', clientKey: 'b', certificates: [registeredLeaf('beta')] }))
    await edit('acme', () => undefined)
    expect((await store.list()).map(({ id }) => id)).to.deep.equal(['beta'])
  })

  it('keeps the mode of the file', async () => {
    writeFileSync(file, commented)
    chmodSync(file, 0o640)
    await edit('acme', (acme) => ({ ...acme!, status: 'disabled' }))
    expect(statSync(file).mode & 0o777).to.equal(0o640)
    expect(files()).to.deep.equal(['devapps.yaml'])
  })

  it('writes nothing where nothing changes', async () => {
    writeFileSync(file, commented)
    const { ino } = statSync(file)
    await edit('acme', (acme) => ({ ...acme! }))
    expect(statSync(file).ino).to.equal(ino)
  })

  it('does not write through a link, as Kubernetes mounts files', async () => {
    writeFileSync(join(folder.path, 'elsewhere.yaml'), commented)
    symlinkSync('elsewhere.yaml', file)
    expect(await refusal(edit('acme', () => undefined))).to.contain('is a link')
    expect(text()).to.equal(commented)
    expect(files()).to.deep.equal(['devapps.yaml', 'elsewhere.yaml'])
  })

  it('changes no file that has mistakes, and names them', async () => {
    const broken = commented.replace('client_key: acme-key', 'clientkey: acme-key')
    writeFileSync(file, broken)
    expect(await refusal(edit('beta', () => undefined))).to.contain(`${file}:7: devapps[0].clientkey`)
    expect(text()).to.equal(broken)
  })

  it('leaves the old file, byte for byte, where the new one cannot be written', async () => {
    writeFileSync(file, commented)
    // In the way of what is to take the file's place.
    mkdirSync(join(folder.path, '.devapps.yaml.new', 'full'), { recursive: true })
    expect(await refusal(edit('acme', () => undefined))).to.contain('was not changed')
    expect(text()).to.equal(commented)
    expect(files()).to.not.contain('.devapps.yaml.lock')
  })

  it('redoes a change where somebody saves the file meanwhile', async () => {
    writeFileSync(file, commented)
    let saves = 0
    await edit('acme', (acme) => {
      if (saves++ === 0) writeFileSync(file, commented.replace('name: Beta', 'name: Saved'))
      return { ...acme!, status: 'disabled' }
    })
    expect(saves).to.equal(2)
    expect((await store.list()).map(({ name, status }) => [name, status])).to.deep.equal([
      ['Acme', 'disabled'],
      ['Saved', 'enabled'],
    ])
  })

  describe('beside another process', () => {
    const lock = (holder: object): void =>
      writeFileSync(
        join(folder.path, '.devapps.yaml.lock'),
        JSON.stringify({
          token: 'a',
          host: hostname(),
          pid: process.pid,
          began: '',
          by: 'kim',
          since: 'noon',
          ...holder,
        }),
      )

    it('waits for it, and says who it is when it takes too long', async () => {
      writeFileSync(file, commented)
      lock({})
      const message = await refusal(edit('acme', () => undefined))
      expect(message).to.contain(`kim has been changing the registry since noon, process ${process.pid}`)
      expect(text()).to.equal(commented)
    })

    it('takes over the lock of one that is dead', async () => {
      writeFileSync(file, commented)
      const { pid } = spawnSync(process.execPath, ['--version'])
      lock({ pid })
      await edit('acme', () => undefined)
      expect((await store.list()).map(({ id }) => id)).to.deep.equal(['beta'])
    })

    it('takes over the lock of one whose number another process has now', async () => {
      writeFileSync(file, commented)
      lock({ began: '1' })
      await edit('acme', () => undefined)
      expect(files()).to.deep.equal(['devapps.yaml'])
    })

    it('believes one on another host', async () => {
      writeFileSync(file, commented)
      lock({ host: 'elsewhere', pid: 2 ** 22 + 1 })
      expect(await refusal(edit('acme', () => undefined))).to.contain('on elsewhere')
    })
  })
})
