import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './temporary_folder.ts'

/** Shorter texts are found by chance. */
const minLength = 10
/** Longer ones are no secrets, but tests of limits. */
const maxLength = 1_024

/** What no process ever prints, whatever its value: private keys, and the hashes that the registry keeps of secrets. */
const neverPrinted = ['PRIVATE KEY-----', '$hmac-sha256$', '$argon2id$v=19$m=']

/** Keeps what processes print, and the secrets that they are given, to look for these in that. */
export class SecretWatch {
  readonly #secrets = new Set(neverPrinted)
  readonly #folder = temporaryFolder('secrets')
  readonly #output = join(this.#folder.path, 'output')
  #file: number | undefined
  #ended = false

  /** A secret that is in use from now on, in each way it may be written. */
  add(secret: string): void {
    const base64 = Buffer.from(secret).toString('base64')
    for (const written of [secret, encodeURIComponent(secret), base64.replace(/=+$/, '')]) this.#addWritten(written)
  }

  /** The credentials of a header Authorization; of another one than Basic, all of it. */
  addAuthorization(header: string | undefined): void {
    const token = header?.replace(/^[A-Za-z]+ +/, '') ?? ''
    this.#addWritten(token.replace(/=+$/, ''))
    if (!/^basic /i.test(header ?? '')) return
    const [, secret = ''] = /^[^:]*:(.*)$/s.exec(Buffer.from(token, 'base64').toString('utf8')) ?? []
    this.add(secret)
  }

  /** The passwords of the URLs in a text, such as a configuration. */
  addPasswordsIn(text: string): void {
    for (const [, password = ''] of text.matchAll(/\w:\/\/[^\s:@/"']*:([^\s@"']+)@/g))
      this.add(decodeURIComponent(password))
  }

  /** A line that a process printed. */
  record(process: string, line: string): void {
    // What ends with the run itself may still say so.
    if (this.#ended) return
    this.#file ??= openSync(this.#output, 'a')
    writeSync(this.#file, `${process}: ${line}\n`)
  }

  /** The lines with a secret in them. Ends the watch. */
  leaks(): readonly string[] {
    this.#ended = true
    if (this.#file === undefined) return []
    closeSync(this.#file)
    const patterns = join(this.#folder.path, 'patterns')
    writeFileSync(patterns, [...this.#secrets].join('\n'))
    const { status, stdout, stderr } = spawnSync('grep', ['-a', '-F', '-f', patterns, this.#output], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    this.#folder.remove()
    if (status !== 0 && status !== 1) throw new Error(`grep failed: ${stderr}`)
    return stdout.split('\n').filter((line) => line !== '')
  }

  #addWritten(text: string): void {
    if (text.length >= minLength && text.length <= maxLength && !/\p{Cc}/u.test(text)) this.#secrets.add(text)
  }
}

/** Of all that runs in this process. */
export const secretWatch = new SecretWatch()

/** At the end of every run, of one file as of all. */
export const mochaHooks = {
  afterAll(this: Mocha.Context): void {
    this.timeout(60_000)
    const leaks = secretWatch.leaks()
    if (leaks.length === 0) return
    throw new Error(`${leaks.length} lines of output hold a secret:\n${leaks.slice(0, 10).join('\n')}`)
  },
}
