import { expect } from 'chai'
import { SecretWatch } from '../support/secret_watch.ts'

/** The lines that are found, of those printed, when these secrets are in use. */
function found(use: (watch: SecretWatch) => void, ...lines: string[]): readonly string[] {
  const watch = new SecretWatch()
  use(watch)
  for (const line of lines) watch.record('service', line)
  return watch.leaks()
}

const token = Buffer.from('acme-key:correct-horse').toString('base64')

describe('the watch over secrets in what the tests start', () => {
  it('finds a credential of a request in each way it is written', () => {
    const use = (watch: SecretWatch) => watch.addAuthorization(`Basic ${token}`)
    for (const leak of ['correct-horse', token, Buffer.from('correct-horse').toString('base64')])
      expect(found(use, 'all is well', `{"detail":"${leak}"}`)).to.deep.equal([`service: {"detail":"${leak}"}`])
    expect(found(use, 'all is well', 'acme-key')).to.deep.equal([])
  })

  it('finds a token, and a password of a URL as it is and as it was decoded', () => {
    expect(found((watch) => watch.addAuthorization('Bearer abcdefghijkl'), 'abcdefghijkl')).to.have.length(1)
    const url = 'redis://user:p%40ssword-1234@127.0.0.1:6379/0'
    const use = (watch: SecretWatch) => watch.addPasswordsIn(`url: "${url}"`)
    for (const leak of [url, 'p@ssword-1234']) expect(found(use, leak), leak).to.have.length(1)
    expect(found(use, 'redis://user:***@127.0.0.1:6379/0')).to.deep.equal([])
  })

  it('finds private keys and the hashes of secrets, whatever their value', () => {
    for (const leak of ['-----BEGIN EC PRIVATE KEY-----', '$hmac-sha256$c2FsdA$bWFj', '$argon2id$v=19$m=1'])
      expect(
        found(() => {}, leak),
        leak,
      ).to.have.length(1)
  })

  it('finds nothing where nothing was printed', () => {
    expect(found((watch) => watch.add('a secret of some length'))).to.deep.equal([])
  })
})
