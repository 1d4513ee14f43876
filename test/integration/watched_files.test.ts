import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { WatchedFiles } from '../../src/watched_files.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

describe('WatchedFiles', () => {
  const folder = temporaryFolder('watched-files')
  const at = (name: string): string => join(folder.path, name)
  let files: WatchedFiles<string> | undefined
  after(() => {
    files?.stop()
    folder.remove()
  })

  it('read again what could not be read, and tell of it once', async () => {
    for (const name of ['watched', 'elsewhere']) mkdirSync(at(name))
    writeFileSync(at('watched/file'), 'one')
    const refused: string[] = []
    const loaded = new Promise<string>((resolve) => {
      files = new WatchedFiles<string>({
        folders: () => [at('watched')],
        paths: () => [at('watched/file')],
        parse: ([file]) => file?.text ?? '',
        onLoaded: (text) => {
          if (text === 'two') resolve(text)
        },
        onRefused: (error) => {
          refused.push(error.message)
          // The folder that is watched sees nothing of it.
          setTimeout(() => writeFileSync(at('elsewhere/file'), 'two'), 800)
        },
      })
    })
    symlinkSync(at('elsewhere/file'), at('watched/file.new'))
    renameSync(at('watched/file.new'), at('watched/file'))
    expect(await loaded).to.equal('two')
    expect(refused)
      .to.have.lengthOf(1)
      .and.to.satisfy(([reason]: string[]) => reason?.includes('ENOENT'))
    expect(files?.value).to.equal('two')
  })
})
