import { expect } from 'chai'
import {
  ClientSecrets,
  generateSecret,
  hasChosenSecret,
  hashChosenSecret,
  hashGeneratedSecret,
  isSecretHash,
} from '../../../src/registry/secrets.ts'
import { devApp, now } from '../../support/evidence.ts'

const withHashes = (...hashes: string[]) =>
  devApp({ clientSecrets: hashes.map((hash) => ({ hash, notAfter: undefined })) })

describe('ClientSecrets', () => {
  const machineMade = generateSecret()
  const chosen = 'correct horse battery staple'
  const hashes = { machineMade: hashGeneratedSecret(machineMade), chosen: hashChosenSecret(chosen) }
  const machineOnly = new ClientSecrets(() => false)
  const mixed = new ClientSecrets(() => true)

  it('accepts the right machine-made secret without waiting', () => {
    expect(machineOnly.verify(withHashes(hashes.machineMade), machineMade, now)).to.equal(true)
    expect(mixed.verify(withHashes(hashes.machineMade), machineMade, now)).to.equal(true)
  })

  it('refuses a wrong secret, an empty one, and an unknown ClientKey', async () => {
    for (const secrets of [machineOnly, mixed]) {
      expect(await secrets.verify(withHashes(hashes.machineMade), `${machineMade}x`, now)).to.equal(false)
      expect(await secrets.verify(withHashes(hashes.machineMade), '', now)).to.equal(false)
      expect(await secrets.verify(undefined, machineMade, now)).to.equal(false)
      expect(await secrets.verify(withHashes(), machineMade, now)).to.equal(false)
    }
  })

  it('accepts the right chosen secret, at once when it was right before', async () => {
    const secrets = new ClientSecrets(() => true)
    const owner = withHashes(hashes.chosen)
    expect(secrets.verify(owner, chosen, now)).to.be.instanceOf(Promise)
    expect(await secrets.verify(owner, chosen, now)).to.equal(true)
    expect(secrets.verify(owner, chosen, now)).to.equal(true)
  })

  it('remembers nothing of a wrong one', async () => {
    const owner = withHashes(hashes.chosen)
    expect(await mixed.verify(owner, 'wrong', now)).to.equal(false)
    expect(mixed.verify(owner, 'wrong', now)).to.be.instanceOf(Promise)
  })

  it('accepts both secrets while one is being replaced, and the old one until its end', () => {
    const next = generateSecret()
    const owner = devApp({
      clientSecrets: [
        { hash: hashes.machineMade, notAfter: now },
        { hash: hashGeneratedSecret(next), notAfter: undefined },
      ],
    })
    expect(machineOnly.verify(owner, next, now)).to.equal(true)
    expect(machineOnly.verify(owner, machineMade, new Date(now.getTime() - 1))).to.equal(true)
    expect(machineOnly.verify(owner, machineMade, now)).to.equal(false)
  })

  it('makes every failure pay for argon2id where the registry holds such a hash, known ClientKey or not', () => {
    for (const owner of [undefined, withHashes(hashes.machineMade), withHashes(hashes.chosen)])
      expect(mixed.verify(owner, 'wrong', now), owner?.id ?? 'unknown').to.be.instanceOf(Promise)
  })
})

describe('secret hashes', () => {
  it('are of the two notations and nothing else', () => {
    expect(isSecretHash(hashGeneratedSecret(generateSecret()))).to.equal(true)
    expect(isSecretHash(hashChosenSecret('correct horse'))).to.equal(true)
    for (const other of [
      '',
      's3cret',
      '$2b$10$abcdefghijklmnopqrstuv',
      '$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA',
    ])
      expect(isSecretHash(other), other).to.equal(false)
  })

  it('never hold the secret', () => {
    const secret = generateSecret()
    expect(hashGeneratedSecret(secret)).not.to.include(secret)
  })

  it('tell which DevApps have a chosen secret', () => {
    expect(hasChosenSecret(withHashes(hashGeneratedSecret('x')))).to.equal(false)
    expect(hasChosenSecret(withHashes(hashChosenSecret('correct horse')))).to.equal(true)
  })
})
