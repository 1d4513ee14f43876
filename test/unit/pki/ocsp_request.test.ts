import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { certIdOf, ocspRequest } from '../../../src/pki/ocsp_request.ts'
import { Authority, der, publicKeyBits } from '../../support/pki.ts'

const authority = Authority.root({ keyKind: 'rsa2048' }).issueAuthority()
const leaf = authority.issue({ serialNumber: '008001' })
const subject = {
  certificate: certificateFromDer(leaf.der),
  issuer: certificateFromDer(authority.certificate.der),
}
const issuer = authority.certificate
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const digest = (hash: string, bytes: Uint8Array): Buffer => createHash(hash).update(bytes).digest()

const certIdDer = der.sequence(
  der.sequence(der.oid('1.3.14.3.2.26'), der.null()),
  der.octetString(digest('sha1', issuer.subjectDer)),
  der.octetString(digest('sha1', publicKeyBits(issuer.keyPair.publicKey))),
  der.integer('008001'),
)
const requestList = der.sequence(der.sequence(certIdDer))

describe('certIdOf (RFC 6960 4.1.1)', () => {
  it("hashes the issuer's name and key bits with SHA-1, and keeps the serial number's sign octet", () => {
    expect(certIdOf(subject)).to.deep.equal({
      hashAlgorithm: 'sha1',
      issuerNameHash: hex(digest('sha1', issuer.subjectDer)),
      issuerKeyHash: hex(digest('sha1', publicKeyBits(issuer.keyPair.publicKey))),
      serialNumber: '008001',
    })
  })

  for (const hash of ['sha256', 'sha384', 'sha512'] as const) {
    it(`hashes with ${hash} when asked to`, () => {
      expect(certIdOf(subject, hash)).to.deep.include({
        hashAlgorithm: hash,
        issuerNameHash: hex(digest(hash, issuer.subjectDer)),
        issuerKeyHash: hex(digest(hash, publicKeyBits(issuer.keyPair.publicKey))),
      })
    })
  }
})

describe('ocspRequest (RFC 6960 4.1.1)', () => {
  it('is one unsigned request, the same octets each time', () => {
    expect(hex(ocspRequest(subject))).to.equal(hex(der.sequence(der.sequence(requestList))))
  })

  it('stays below the 255 octets that GET allows (RFC 5019 5), nonce included', () => {
    const longest = authority.issue({ serialNumber: `7f${'ff'.repeat(19)}` })
    const request = ocspRequest(
      { ...subject, certificate: certificateFromDer(longest.der) },
      { nonce: Buffer.alloc(32) },
    )
    expect(encodeURIComponent(Buffer.from(request).toString('base64')).length).to.be.lessThan(255)
  })

  it('writes negative and 21-octet serial numbers as the certificate has them', () => {
    for (const serialNumber of ['8001', '80', `00${'ff'.repeat(20)}`]) {
      const certificate = certificateFromDer(authority.issue({ serialNumber }).der)
      expect(hex(ocspRequest({ ...subject, certificate }))).to.contain(hex(der.integer(serialNumber)))
    }
  })

  it('carries the nonce in requestExtensions, as an OCTET STRING inside extnValue (RFC 9654 2)', () => {
    const nonce = Buffer.alloc(32, 0xab)
    const extension = der.sequence(der.oid('1.3.6.1.5.5.7.48.1.2'), der.octetString(der.octetString(nonce)))
    const expected = der.sequence(der.sequence(requestList, der.explicit(2, der.sequence(extension))))
    expect(hex(ocspRequest(subject, { nonce }))).to.equal(hex(expected))
  })

  it('refuses a nonce that does not have 32 octets (RFC 9654 2.1)', () => {
    for (const length of [0, 16, 31, 33, 128]) {
      expect(() => ocspRequest(subject, { nonce: Buffer.alloc(length) })).to.throw(RangeError)
    }
  })

  it('is, octet for octet, what OpenSSL asks', function () {
    if (spawnSync('openssl', ['version']).error !== undefined) return this.skip()
    const folder = mkdtempSync(join(tmpdir(), 'ocsp-request-'))
    try {
      const [issuerFile, leafFile, requestFile] = ['issuer.pem', 'leaf.pem', 'request.der'].map((name) =>
        join(folder, name),
      )
      writeFileSync(issuerFile!, issuer.pem)
      writeFileSync(leafFile!, leaf.pem)
      execFileSync('openssl', [
        ...['ocsp', '-issuer', issuerFile!, '-cert', leafFile!, '-no_nonce', '-reqout', requestFile!],
      ])
      expect(hex(ocspRequest(subject))).to.equal(hex(readFileSync(requestFile!)))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
