import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixedNow } from '../support/pki.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

/** The openssl command in a folder of its own; made when it is first asked. */
export class Openssl {
  #folder: ReturnType<typeof temporaryFolder> | undefined
  readonly #files: Readonly<Record<string, string>>

  /** `files` by their names. */
  constructor(files: Readonly<Record<string, string>> = {}) {
    this.#files = files
  }

  get folder(): string {
    if (this.#folder === undefined) {
      this.#folder = temporaryFolder('fuzz-openssl')
      for (const [name, text] of Object.entries(this.#files)) writeFileSync(join(this.#folder.path, name), text)
    }
    return this.#folder.path
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.folder, name), content)
  }

  run(words: string, ...others: string[]): { readonly status: number | null; readonly output: string } {
    const { status, stdout, stderr, error } = spawnSync('openssl', [...words.split(' '), ...others], {
      ...{ cwd: this.folder, encoding: 'utf8' },
    })
    if (error !== undefined) throw error
    return { status, output: stdout + stderr }
  }
}

export const hasOpenssl = (): boolean => spawnSync('openssl', ['version']).error === undefined
export const atFixedNow = String(fixedNow.getTime() / 1_000)
