import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { expect } from 'chai'
import { publicKeyInFile } from '../../../src/intake/public_key_file.ts'
import {
  PublicKeyError,
  publicKeyFrom,
  publicKeyFromSpki,
  publicKeyKind,
  publicKeyPem,
} from '../../../src/pki/public_key.ts'
import { selfSigned } from '../../support/pki.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' })
const pem = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'pem', type: 'spki' }))

function refusal(
  bytes: Uint8Array,
  ...more: Parameters<typeof publicKeyFrom> extends [unknown, ...infer Rest] ? Rest : never
): PublicKeyError {
  try {
    publicKeyInFile(bytes, ...more)
  } catch (error) {
    if (error instanceof PublicKeyError) return error
    throw error
  }
  return expect.fail('it was taken')
}

describe('a public key to sign requests with', () => {
  for (const [kind, { publicKey }, algorithm] of [
    ['RSA 2048', rsa, 'rsa-pss-sha512'],
    ['EC P-256', ec, 'ecdsa-p256-sha256'],
    ['Ed25519', ed, 'ed25519'],
  ] as const) {
    it(`is ${kind}, in PEM or DER`, () => {
      const read = publicKeyInFile(pem(publicKey))
      expect(read).to.deep.include({ algorithm, spki: Uint8Array.from(spki(publicKey)) })
      expect(publicKeyInFile(spki(publicKey))).to.deep.equal(read)
      expect(publicKeyFromSpki(spki(publicKey), algorithm)).to.deep.equal(read)
      expect(publicKeyFrom(Buffer.from(publicKeyPem(read)))).to.deep.equal(read)
      expect(publicKeyKind(read)).to.equal(kind)
    })
  }

  it('is RSA in its own form, or RSASSA-PSS', () => {
    const expected = publicKeyFrom(pem(rsa.publicKey))
    for (const format of ['pem', 'der'] as const)
      expect(publicKeyInFile(Buffer.from(rsa.publicKey.export({ format, type: 'pkcs1' } as never)))).to.deep.equal(
        expected,
      )
    const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2_048 } as never) as unknown as typeof rsa
    expect(publicKeyFrom(pem(pss.publicKey)).algorithm).to.equal('rsa-pss-sha512')
    expect(refusal(pem(pss.publicKey), 'rsa-v1_5-sha256').message).to.contain('no algorithm of this key')
  })

  it('signs by the algorithm that was chosen for it, of those that it can', () => {
    expect(publicKeyFrom(pem(rsa.publicKey), 'rsa-v1_5-sha256').algorithm).to.equal('rsa-v1_5-sha256')
    expect(refusal(pem(ec.publicKey), 'ed25519').cure).to.contain('ecdsa-p256-sha256')
  })

  it('is carried by a certificate', () => {
    const certificate = selfSigned({ keyKind: 'rsa2048' })
    const expected = publicKeyFrom(pem(certificate.keyPair.publicKey))
    expect(publicKeyInFile(Buffer.from(certificate.pem))).to.deep.equal(expected)
    expect(publicKeyInFile(certificate.der)).to.deep.equal(expected)
  })

  const weak: [string, () => KeyObject][] = [
    ['RSA of 1024 bits', () => generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey],
    ['EC on P-384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['EC on secp256k1', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey],
    ['Ed448', () => generateKeyPairSync('ed448').publicKey],
    ['X25519, which signs nothing', () => generateKeyPairSync('x25519').publicKey],
    [
      'RSASSA-PSS bound to SHA-256',
      () =>
        generateKeyPairSync('rsa-pss', {
          modulusLength: 2_048,
          hashAlgorithm: 'sha256',
          mgf1HashAlgorithm: 'sha256',
          saltLength: 32,
        } as never).publicKey as unknown as KeyObject,
    ],
  ]
  for (const [what, make] of weak)
    it(`is not ${what}`, () => {
      const { message, cure } = refusal(pem(make()))
      expect(message).to.contain('cannot be used')
      expect(cure).to.contain('RSA with 2048 to 8192 bits, EC on P-256, or Ed25519')
    })

  const privates: [string, Uint8Array][] = [
    ['PKCS#8', Buffer.from(rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }))],
    ['PKCS#1', Buffer.from(rsa.privateKey.export({ format: 'pem', type: 'pkcs1' }))],
    ['SEC 1', Buffer.from(ec.privateKey.export({ format: 'pem', type: 'sec1' }))],
    [
      'PKCS#8, encrypted',
      Buffer.from(ed.privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' })),
    ],
    ['PKCS#8 in DER', rsa.privateKey.export({ format: 'der', type: 'pkcs8' })],
    ['PKCS#1 in DER', rsa.privateKey.export({ format: 'der', type: 'pkcs1' })],
    ['SEC 1 in DER', ec.privateKey.export({ format: 'der', type: 'sec1' })],
    [
      'PKCS#8 in DER, encrypted',
      ed.privateKey.export({ format: 'der', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' }),
    ],
    ['a JSON Web Key', Buffer.from(JSON.stringify(ed.privateKey.export({ format: 'jwk' })))],
    [
      'a private key beside its public half',
      Buffer.concat([pem(rsa.publicKey), Buffer.from(rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }))]),
    ],
  ]
  for (const [what, bytes] of privates)
    it(`is not private: ${what} is leaked`, () => {
      const { message, cure } = refusal(bytes)
      expect(message).to.contain('private key')
      expect(cure).to.contain('treat the key as leaked')
    })

  for (const text of [
    '',
    'hello',
    '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    `${pem(ec.publicKey)}${pem(ed.publicKey)}`,
    '0',
    'x'.repeat(70_000),
  ])
    it(`is not ${JSON.stringify(text.slice(0, 30))}`, () => {
      expect(refusal(Buffer.from(text)).message).to.contain('not a public key')
    })
})
