import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { FileStore } from '../../src/registry/file/file_store.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

/** A registry of DevApps with these ids. */
const registryOf = (...ids: string[]): string =>
  `devapps:\n${ids.map((id) => `  - { id: ${id}, name: ${id}, client_key: ${id}-key }\n`).join('')}`
const broken = registryOf('acme').replace('client_key', 'clientkey')

/** What the store told: the ids that it loaded, or why it refused. */
type Told = { readonly loaded: readonly string[] } | { readonly refused: string }

/** A store, and what it tells. */
class Watched {
  readonly store: FileStore
  readonly told: Told[] = []
  #onTold: () => void = () => {}

  constructor(path: string) {
    this.store = new FileStore(path, {
      onLoaded: ({ devApps }) => this.#tell({ loaded: devApps.map(({ id }) => id) }),
      onRefused: ({ message }) => this.#tell({ refused: message }),
    })
  }

  /** Forgets what was told, changes something, and waits for what it tells then. */
  async after(change: () => void, awaited: (told: Told) => boolean): Promise<Told> {
    this.told.length = 0
    change()
    for (;;) {
      const found = this.told.find(awaited)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => {
        this.#onTold = resolve
      })
    }
  }

  /** The ids in force. */
  ids(): readonly string[] | undefined {
    return this.store.snapshot()?.devApps.map(({ id }) => id)
  }

  #tell(told: Told): void {
    this.told.push(told)
    this.#onTold()
  }
}

const loaded = (told: Told): boolean => 'loaded' in told
const refused = (told: Told): boolean => 'refused' in told

describe('FileStore', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let file: string
  let watched: Watched
  let busy: NodeJS.Timeout | undefined
  beforeEach(() => {
    folder = temporaryFolder('file-store')
    file = join(folder.path, 'devapps.yaml')
    watched = new Watched(file)
  })
  afterEach(() => {
    clearInterval(busy)
    watched.store.stop()
    folder.remove()
  })

  /** Puts a file in the place of the old one in one step. */
  const replace = (text: string): void => {
    writeFileSync(join(folder.path, 'devapps.new.yaml'), text)
    renameSync(join(folder.path, 'devapps.new.yaml'), file)
  }

  async function startWith(text: string): Promise<void> {
    writeFileSync(file, text)
    await watched.store.start()
    expect(watched.told).to.deep.equal([{ loaded: watched.ids() }])
  }

  it('has read the file once it has started', async () => {
    await startWith(registryOf('acme', 'beta'))
    expect(watched.ids()).to.deep.equal(['acme', 'beta'])
  })

  it('takes over a file that replaces the old one', async () => {
    await startWith(registryOf('acme'))
    for (const id of ['beta', 'gamma']) {
      await watched.after(() => replace(registryOf(id)), loaded)
      expect(watched.ids()).to.deep.equal([id])
    }
  })

  it('takes over an edit in place', async () => {
    await startWith(registryOf('acme'))
    for (const id of ['beta', 'gamma']) {
      await watched.after(() => writeFileSync(file, registryOf(id)), loaded)
      expect(watched.ids()).to.deep.equal([id])
    }
  })

  it('takes over what a Kubernetes volume swaps in', async () => {
    const volume = (name: string, text: string): void => {
      mkdirSync(join(folder.path, name))
      writeFileSync(join(folder.path, name, 'devapps.yaml'), text)
      symlinkSync(name, join(folder.path, '..data_tmp'))
      renameSync(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
    }
    volume('..2026_06_15', registryOf('acme'))
    symlinkSync(join('..data', 'devapps.yaml'), file)
    await watched.store.start()
    expect(watched.ids()).to.deep.equal(['acme'])

    for (const [name, old, id] of [
      ['..2026_06_16', '..2026_06_15', 'beta'],
      ['..2026_06_17', '..2026_06_16', 'gamma'],
    ] as const) {
      const swap = (): void => {
        volume(name, registryOf(id))
        rmSync(join(folder.path, old), { recursive: true })
      }
      await watched.after(swap, loaded)
      expect(watched.ids()).to.deep.equal([id])
    }
  })

  it('reads a file again that could not be read, though nothing tells that it can be now', async () => {
    const elsewhere = temporaryFolder('elsewhere')
    const target = join(elsewhere.path, 'devapps.yaml')
    await startWith(registryOf('acme'))
    await watched.after(() => {
      symlinkSync(target, join(folder.path, 'devapps.new.yaml'))
      renameSync(join(folder.path, 'devapps.new.yaml'), file)
    }, refused)
    expect(watched.ids()).to.deep.equal(['acme'])
    // The folder that is watched sees nothing of it.
    await watched.after(() => writeFileSync(target, registryOf('beta')), loaded)
    expect(watched.ids()).to.deep.equal(['beta'])
    elsewhere.remove()
  })

  it('keeps the last good one in force when an edit is broken, says what is wrong, and takes over the mended one', async () => {
    await startWith(registryOf('acme'))
    const before = watched.store.snapshot()
    expect(await watched.after(() => replace(broken), refused)).to.deep.equal({
      refused: [
        `${file}:2: devapps[0].client_key: expected a ClientKey, a text; write a text here`,
        `${file}:2: devapps[0].clientkey: there is no such key; remove it, or write client_key`,
      ].join('\n'),
    })
    expect(watched.store.snapshot()).to.equal(before)
    await watched.after(() => replace(registryOf('beta')), loaded)
    expect(watched.ids()).to.deep.equal(['beta'])
  })

  it('keeps the last good one in force when the file is gone, or is none', async () => {
    await startWith(registryOf('acme'))
    expect(await watched.after(() => unlinkSync(file), refused))
      .to.have.property('refused')
      .that.contains('ENOENT')
    expect(await watched.after(() => mkdirSync(file), refused))
      .to.have.property('refused')
      .that.contains('EISDIR')
    expect(watched.ids()).to.deep.equal(['acme'])
    rmSync(file, { recursive: true })
    await watched.after(() => replace(registryOf('beta')), loaded)
    expect(watched.ids()).to.deep.equal(['beta'])
  })

  it('has nothing in force until there is a good one', async () => {
    await watched.store.start()
    expect(watched.told).to.have.lengthOf(1)
    expect(watched.told[0]).to.have.property('refused').that.contains('ENOENT')
    await watched.after(() => replace(broken), refused)
    expect(watched.store.snapshot()).to.equal(undefined)
    await watched.after(() => replace(registryOf('acme')), loaded)
    expect(watched.ids()).to.deep.equal(['acme'])
  })

  it('is not kept waiting by other files of the folder that change all the time', async () => {
    await startWith(registryOf('acme'))
    busy = setInterval(() => writeFileSync(join(folder.path, 'busy.log'), `${performance.now()}`), 5)
    await watched.after(() => replace(registryOf('beta')), loaded)
    expect(watched.ids()).to.deep.equal(['beta'])
  })

  it('tells nothing when the file is written anew with the same text', async () => {
    await startWith(registryOf('acme'))
    const before = watched.store.snapshot()
    await watched.after(() => {
      replace(registryOf('acme'))
      watched.store.reload().then(() => replace(registryOf('beta')))
    }, loaded)
    expect(watched.told).to.deep.equal([{ loaded: ['beta'] }])
    expect(watched.store.snapshot()).to.not.equal(before)
  })

  it('reads again when it is told to', async () => {
    await startWith(registryOf('acme'))
    watched.store.stop()
    writeFileSync(file, registryOf('beta'))
    await Promise.all([watched.store.reload(), watched.store.reload()])
    expect(watched.told).to.deep.equal([{ loaded: ['acme'] }, { loaded: ['beta'] }])
  })

  it('does not start where there is no folder to watch', async () => {
    const nowhere = new Watched(join(folder.path, 'nowhere', 'devapps.yaml'))
    const failure: unknown = await nowhere.store.start().catch((error: unknown) => error)
    expect(failure).to.be.instanceOf(Error)
    expect((failure as Error).message).to.contain('ENOENT')
  })
})
