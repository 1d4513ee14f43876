import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect } from 'chai'
import { readDer } from '../../../src/pki/der.ts'
import { type SignatureVerdict, verifySignature } from '../../../src/pki/signature.ts'
import { der, type KeyPair, newKeyPair, type SignatureKind, signer } from '../../support/pki.ts'

const signed = Buffer.from('tbsResponseData')
const oids = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
  md5WithRsa: '1.2.840.113549.1.1.4',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  rsassaPss: '1.2.840.113549.1.1.10',
  mgf1: '1.2.840.113549.1.1.8',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
}

interface Given {
  algorithm: Uint8Array
  signature: Uint8Array
  key: KeyObject
  over?: Uint8Array
}
const verdictOf = ({ algorithm, signature, key, over = signed }: Given): SignatureVerdict =>
  verifySignature({ algorithm: readDer(algorithm), signature, signed: over, key })

function signedBy({ publicKey, privateKey }: KeyPair, kind?: SignatureKind): Given {
  const signing = signer(privateKey, kind)
  return { algorithm: signing.algorithm, signature: signing.sign(signed), key: publicKey }
}

describe('verifySignature', () => {
  const rsa = newKeyPair('rsa2048')
  const p256 = newKeyPair('p256')
  const ed25519 = newKeyPair('ed25519')

  describe('holds a correct signature valid', () => {
    const hashes = ['sha256', 'sha384', 'sha512'] as const
    for (const hash of hashes) {
      it(`RSA PKCS #1 v1.5 with ${hash}`, () => expect(verdictOf(signedBy(rsa, hash))).to.equal('valid'))
    }
    for (const curve of ['p256', 'p384', 'p521'] as const) {
      const pair = newKeyPair(curve)
      for (const hash of hashes) {
        it(`ECDSA on ${curve} with ${hash}`, () => expect(verdictOf(signedBy(pair, hash))).to.equal('valid'))
      }
    }
    it('RSA-PSS with SHA-256', () => expect(verdictOf(signedBy(rsa, 'rsa-pss-sha256'))).to.equal('valid'))
    it('Ed25519', () => expect(verdictOf(signedBy(ed25519))).to.equal('valid'))
    it('Ed448', () => {
      const { publicKey, privateKey } = generateKeyPairSync('ed448')
      const algorithm = der.sequence(der.oid(oids.ed448))
      expect(verdictOf({ algorithm, signature: sign(null, signed, privateKey), key: publicKey })).to.equal('valid')
    })
    it('RSA whose AlgorithmIdentifier leaves the NULL out (RFC 4055 5)', () => {
      const algorithm = der.sequence(der.oid(oids.sha256WithRsa))
      expect(verdictOf({ ...signedBy(rsa, 'sha256'), algorithm })).to.equal('valid')
    })
  })

  it('tells a correct signature that rests on SHA-1 from others', () => {
    expect(verdictOf(signedBy(rsa, 'sha1'))).to.equal('valid_sha1')
    expect(verdictOf(signedBy(p256, 'sha1'))).to.equal('valid_sha1')
    expect(verdictOf({ ...signedBy(rsa, 'sha1'), over: Buffer.from('other') })).to.equal('invalid')
  })

  describe('holds invalid', () => {
    for (const [name, given] of [
      ['RSA', () => signedBy(rsa)],
      ['RSA-PSS', () => signedBy(rsa, 'rsa-pss-sha256')],
      ['ECDSA', () => signedBy(p256)],
      ['Ed25519', () => signedBy(ed25519)],
    ] as const) {
      it(`${name} over other bytes, cut short, empty and by another key`, () => {
        const { signature, ...rest } = given()
        expect(verdictOf({ ...rest, signature, over: Buffer.from('other') })).to.equal('invalid')
        expect(verdictOf({ ...rest, signature: signature.subarray(1) })).to.equal('invalid')
        expect(verdictOf({ ...rest, signature: Buffer.alloc(0) })).to.equal('invalid')
        expect(verdictOf({ ...rest, signature: Buffer.concat([signature, Buffer.of(0)]) })).to.equal('invalid')
        const { privateKey } = newKeyPair(name === 'ECDSA' ? 'p256' : name === 'Ed25519' ? 'ed25519' : 'rsa2048')
        const foreign = signer(privateKey, name === 'RSA-PSS' ? 'rsa-pss-sha256' : 'default').sign(signed)
        expect(verdictOf({ ...rest, signature: foreign })).to.equal('invalid')
      })
    }

    it('an algorithm of another key type', () => {
      const given = [signedBy(rsa), signedBy(rsa, 'rsa-pss-sha256'), signedBy(p256), signedBy(ed25519)]
      const verdicts = given.flatMap((one) =>
        given
          .filter(({ key }) => key.asymmetricKeyType !== one.key.asymmetricKeyType)
          .map(({ key }) => verdictOf({ ...one, key })),
      )
      expect(verdicts).to.have.length(10)
      expect(new Set(verdicts)).to.deep.equal(new Set(['invalid']))
    })

    it('an ECDSA signature not in DER', () => {
      const signature = sign('sha256', signed, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' })
      expect(verdictOf({ ...signedBy(p256), signature })).to.equal('invalid')
    })

    it('a hash of another length than the algorithm says', () => {
      const algorithm = der.sequence(der.oid(oids.ecdsaWithSha256))
      expect(verdictOf({ ...signedBy(p256, 'sha384'), algorithm })).to.equal('invalid')
    })
  })

  describe('does not support', () => {
    const unsupported: [string, () => Given][] = [
      ['MD5', () => ({ ...signedBy(rsa), algorithm: der.sequence(der.oid(oids.md5WithRsa), der.null()) })],
      [
        'other parameters than NULL with RSA',
        () => ({ ...signedBy(rsa), algorithm: der.sequence(der.oid(oids.sha256WithRsa), der.sequence()) }),
      ],
      [
        'parameters with ECDSA (RFC 5758 3.2)',
        () => ({ ...signedBy(p256), algorithm: der.sequence(der.oid(oids.ecdsaWithSha256), der.null()) }),
      ],
      [
        'parameters with Ed25519 (RFC 8410 3)',
        () => ({ ...signedBy(ed25519), algorithm: der.sequence(der.oid(oids.ed25519), der.null()) }),
      ],
      [
        'a third field',
        () => ({ ...signedBy(rsa), algorithm: der.sequence(der.oid(oids.sha256WithRsa), der.null(), der.null()) }),
      ],
      ['what is no AlgorithmIdentifier', () => ({ ...signedBy(rsa), algorithm: der.null() })],
      ['the curve secp256k1', () => signedBy(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))],
    ]
    for (const [what, given] of unsupported) {
      it(what, () => expect(verdictOf(given())).to.equal('unsupported_algorithm'))
    }
  })

  describe('RSA-PSS parameters (RFC 4055 3.1)', () => {
    const identifier = (oid: string, parameters: Uint8Array = der.null()) => der.sequence(der.oid(oid), parameters)
    const pss = (...fields: Uint8Array[]) => der.sequence(der.oid(oids.rsassaPss), der.sequence(...fields))
    const hash = (oid: string) => der.explicit(0, identifier(oid))
    const mask = (oid: string, function_ = oids.mgf1) => der.explicit(1, identifier(function_, identifier(oid)))
    const salt = (length: number) => der.explicit(2, der.smallInteger(length))
    const trailer = (value: number) => der.explicit(3, der.smallInteger(value))
    const pssSigned = (algorithm: Uint8Array, digest: string, saltLength: number, pair: KeyPair = rsa): Given => ({
      algorithm,
      key: pair.publicKey,
      signature: sign(digest, signed, { key: pair.privateKey, padding: 6, saltLength }),
    })
    const sha256 = [hash(oids.sha256), mask(oids.sha256)]

    it('hold with the hash and the salt length that they name', () => {
      expect(verdictOf(pssSigned(pss(hash(oids.sha512), mask(oids.sha512), salt(64)), 'sha512', 64))).to.equal('valid')
      expect(verdictOf(pssSigned(pss(...sha256, salt(0)), 'sha256', 0))).to.equal('valid')
      expect(verdictOf(pssSigned(pss(...sha256, salt(32), trailer(1)), 'sha256', 32))).to.equal('valid')
    })

    it('mean SHA-1 and 20 octets of salt where they are absent', () => {
      expect(verdictOf(pssSigned(pss(), 'sha1', 20))).to.equal('valid_sha1')
      expect(verdictOf(pssSigned(pss(...sha256), 'sha256', 20))).to.equal('valid')
    })

    it('bind the salt length', () => {
      expect(verdictOf(pssSigned(pss(...sha256, salt(32)), 'sha256', 20))).to.equal('invalid')
    })

    it('fit keys that are for PSS only', () => {
      const pair = generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        hashAlgorithm: 'sha256',
        mgf1HashAlgorithm: 'sha256',
      })
      expect(verdictOf(pssSigned(pss(...sha256, salt(32)), 'sha256', 32, pair))).to.equal('valid')
      expect(verdictOf({ ...signedBy(rsa, 'sha256'), key: pair.publicKey })).to.equal('invalid')
    })

    const unsupported: [string, Uint8Array][] = [
      ['absent altogether', der.sequence(der.oid(oids.rsassaPss))],
      ['NULL', der.sequence(der.oid(oids.rsassaPss), der.null())],
      ['another mask hash than the hash', pss(hash(oids.sha256), mask(oids.sha512), salt(32))],
      ['an absent mask, which means SHA-1', pss(hash(oids.sha256), salt(32))],
      ['another mask generation function', pss(hash(oids.sha256), mask(oids.sha256, oids.sha256), salt(32))],
      ['an unknown hash', pss(hash(oids.md5WithRsa), mask(oids.md5WithRsa), salt(32))],
      ['another trailer', pss(...sha256, salt(32), trailer(2))],
      ['a negative salt length', pss(...sha256, salt(0xe0))],
      ['fields out of order', pss(mask(oids.sha256), hash(oids.sha256), salt(32))],
      ['a fifth field', pss(...sha256, salt(32), der.explicit(4, der.null()))],
    ]
    for (const [what, algorithm] of unsupported) {
      it(`are not supported: ${what}`, () =>
        expect(verdictOf(pssSigned(algorithm, 'sha256', 32))).to.equal('unsupported_algorithm'))
    }
  })
})
