import { expect } from 'chai'
import { liftedMessage, lockFrom, lockMessageFrom, lockText } from '../../../src/lockout/lock_messages.ts'
import { subjectsOf } from '../../../src/lockout/subject.ts'

describe('what a fleet tells itself of locks', () => {
  const addresses = ['192.0.2.1', '2001:db8:0:1::/64', '']

  it('is read as it was written', () => {
    for (const network of addresses) {
      for (const subject of subjectsOf({ clientKey: 'a key: with | and spaces', network }))
        expect(lockFrom(`1234 ${lockText(subject)}`)).to.deep.equal({ until: 1234, subject })
    }
    const subjects = subjectsOf({ clientKey: 'k', network: '' })
    expect(lockMessageFrom(liftedMessage(subjects))).to.deep.equal({
      kind: 'lifted',
      ids: new Set(subjects.map(({ id }) => id)),
    })
  })

  it('never holds the ClientKey, which may be a secret in the wrong place', () => {
    const [subject] = subjectsOf({ clientKey: 'correct-horse-battery', network: '192.0.2.1' })
    expect(JSON.stringify(subject) + (subject && lockText(subject))).not.to.include('correct-horse')
  })

  it('is nothing where somebody else wrote it', () => {
    const [subject] = subjectsOf({ clientKey: 'k', network: '192.0.2.1' })
    const good = `1234 ${subject && lockText(subject)}`
    expect(lockMessageFrom(good)?.kind).to.equal('locked')
    for (const text of [
      ...['', ' ', 'locked', '{}', good.slice(5), good.replace('client_key', 'everybody'), `-${good}`, `${good}x`],
      ...[good.replace('192.0.2.1', '%E0%A4%A'), good.replace('1234', '1e9'), '9'.repeat(100_000)],
    ])
      expect(lockMessageFrom(text), text.slice(0, 80)).to.equal(undefined)
  })
})
