import { cpSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { certificateFromDer } from '../../src/pki/certificate.ts'
import { type Psd2ListName, Psd2Lists } from '../../src/registry/psd2_lists.ts'
import { Authority } from '../support/pki.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const tpp = 'PSDFI-FINFSA-2858394-9'
const withdrawing = (...roles: string[]): string =>
  `- { organization_identifier: ${tpp}, roles: [${roles.join(', ')}] }\n`
const [first, second] = ['First QTSP CA', 'Second QTSP CA'].map((commonName) => Authority.root({ commonName })) as [
  Authority,
  Authority,
]
const read = (authority: Authority) => certificateFromDer(authority.certificate.der)

interface Told {
  readonly list: Psd2ListName
  readonly entries?: number
  readonly refused?: string
}

describe('Psd2Lists', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let lists: Psd2Lists | undefined
  let busy: NodeJS.Timeout | undefined
  let told: Told[] = []
  let onTold = (): void => {}
  const at = (...names: string[]): string => join(folder.path, ...names)

  beforeEach(() => {
    folder = temporaryFolder('psd2-lists')
    told = []
    mkdirSync(at('qtsps'))
    writeFileSync(at('qtsps', 'first.pem'), first.certificate.pem)
    writeFileSync(at('withdrawn.yaml'), withdrawing('PSP_PI'))
  })
  afterEach(() => {
    clearInterval(busy)
    lists?.stop()
    folder.remove()
  })

  const tell = (what: Told): void => {
    told.push(what)
    onTold()
  }
  function open(withdrawnFile = at('withdrawn.yaml'), qtspsFolder = at('qtsps')): Psd2Lists {
    lists = new Psd2Lists({
      ...{ qtspsFolder, withdrawnFile },
      onLoaded: (list, entries) => tell({ list, entries }),
      onRefused: (list, error) => tell({ list, refused: error.message }),
    })
    return lists
  }

  /** Changes something, and waits for what is told of it. */
  async function toldAfter(change: () => void): Promise<Told> {
    told = []
    change()
    while (told.length === 0)
      await new Promise<void>((resolve) => {
        onTold = resolve
      })
    return told[0] as Told
  }

  /** Puts a file in the place of the old one in one step. */
  const replace = (name: string, text: string): void => {
    writeFileSync(at('new'), text)
    renameSync(at('new'), at(name))
  }

  it('has read both once it is there', () => {
    const opened = open()
    expect(told).to.deep.equal([
      { list: 'qtsps', entries: 1 },
      { list: 'psd2.withdrawn', entries: 1 },
    ])
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_PI'])
    expect([opened.accepts(read(first)), opened.accepts(read(second))]).to.deep.equal([true, false])
  })

  it('accepts no provider and withdraws nothing where no list is named', () => {
    const silent = { onLoaded: expect.fail, onRefused: expect.fail }
    const opened = new Psd2Lists({ qtspsFolder: undefined, withdrawnFile: undefined, ...silent })
    expect([opened.accepts(read(first)), opened.rolesOf(tpp).size]).to.deep.equal([false, 0])
  })

  it('takes over every edit of the withdrawn authorisations, replaced or in place', async () => {
    const opened = open()
    await toldAfter(() => replace('withdrawn.yaml', withdrawing('PSP_AI')))
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_AI'])
    await toldAfter(() => writeFileSync(at('withdrawn.yaml'), '[]\n'))
    expect([...opened.rolesOf(tpp)]).to.deep.equal([])
  })

  it('takes over what a Kubernetes volume swaps in, of both lists', async () => {
    const volume = (name: string, qtsp: Authority, role: string): void => {
      mkdirSync(at(name, 'qtsps'), { recursive: true })
      writeFileSync(at(name, 'qtsps', 'ca.pem'), qtsp.certificate.pem)
      writeFileSync(at(name, 'withdrawn.yaml'), withdrawing(role))
    }
    mkdirSync(at('mounted'))
    volume('mounted/..one', first, 'PSP_PI')
    symlinkSync('..one', at('mounted', '..data'))
    for (const name of ['qtsps', 'withdrawn.yaml']) symlinkSync(join('..data', name), at('mounted', name))
    const opened = open(at('mounted', 'withdrawn.yaml'), at('mounted', 'qtsps'))
    for (const [previous, next, qtsp, role] of [
      ['..one', '..two', second, 'PSP_AI'],
      ['..two', '..three', first, 'PSP_IC'],
    ] as const) {
      volume(join('mounted', next), qtsp, role)
      told = []
      symlinkSync(next, at('mounted', '..data_tmp'))
      renameSync(at('mounted', '..data_tmp'), at('mounted', '..data'))
      rmSync(at('mounted', previous), { recursive: true })
      while (told.filter(({ entries }) => entries === 1).length < 2)
        await new Promise<void>((resolve) => {
          onTold = resolve
        })
      expect([...opened.rolesOf(tpp)]).to.deep.equal([role])
      expect(opened.accepts(read(qtsp))).to.equal(true)
    }
  })

  it('keeps what was withdrawn while the file is broken or gone, and says line and cure once', async () => {
    const opened = open()
    const broken = withdrawing('PSP_PI').replace('roles', 'rolls')
    const { refused } = await toldAfter(() => replace('withdrawn.yaml', broken))
    expect(refused).to.equal(`${at('withdrawn.yaml')}:1: [0].rolls: there is no such key; remove it, or write roles`)
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_PI'])
    expect((await toldAfter(() => unlinkSync(at('withdrawn.yaml')))).refused).to.contain('ENOENT')
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_PI'])
    await toldAfter(() => replace('withdrawn.yaml', withdrawing('PSP_AI')))
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_AI'])
  })

  it('is not kept waiting, nor made to speak, by other files that change all the time', async () => {
    const opened = open()
    busy = setInterval(() => writeFileSync(at('busy.log'), `${performance.now()}`), 5)
    await toldAfter(() => replace('withdrawn.yaml', withdrawing('PSP_AI')))
    expect([...opened.rolesOf(tpp)]).to.deep.equal(['PSP_AI'])
    expect(told).to.deep.equal([{ list: 'psd2.withdrawn', entries: 1 }])
  })

  it('accepts a provider that is added, and no longer one that is removed', async () => {
    const opened = open()
    await toldAfter(() => writeFileSync(at('qtsps', 'second.pem'), second.certificate.pem))
    expect(opened.accepts(read(second))).to.equal(true)
    await toldAfter(() => unlinkSync(at('qtsps', 'first.pem')))
    expect([opened.accepts(read(first)), opened.accepts(read(second))]).to.deep.equal([false, true])
  })

  it('keeps the accepted providers while one file is broken, or the folder is gone, and names it', async () => {
    const opened = open()
    const { refused } = await toldAfter(() => writeFileSync(at('qtsps', 'second.pem'), 'no certificate'))
    expect(refused).to.equal(`${at('qtsps', 'second.pem')}: it holds no certificate in PEM`)
    expect(opened.accepts(read(first))).to.equal(true)
    cpSync(at('qtsps', 'first.pem'), at('kept.pem'))
    await toldAfter(() => rmSync(at('qtsps'), { recursive: true }))
    expect(opened.accepts(read(first))).to.equal(true)
    await toldAfter(() => {
      mkdirSync(at('renewed'))
      writeFileSync(at('renewed', 'second.pem'), second.certificate.pem)
      renameSync(at('renewed'), at('qtsps'))
    })
    expect([opened.accepts(read(first)), opened.accepts(read(second))]).to.deep.equal([false, true])
  })

  it('does not start with a list that is not there, or is broken', () => {
    expect(() => open(at('nowhere.yaml'))).to.throw(/^psd2.withdrawn: ENOENT.*nowhere.yaml.*; .* check-config/)
    expect(() => open(at('withdrawn.yaml'), at('nowhere'))).to.throw(/^qtsps: ENOENT.*nowhere/)
    writeFileSync(at('withdrawn.yaml'), '')
    expect(() => open()).to.throw('it is missing: expected a list')
  })
})
