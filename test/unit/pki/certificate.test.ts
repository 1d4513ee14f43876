import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { expect } from 'chai'
import fc from 'fast-check'
import {
  CertificateError,
  certificateFromDer,
  certificateFromPem,
  certificatesFromPem,
  isSignedBy,
  pemOf,
  publicKeyOf,
  signatureOn,
} from '../../../src/pki/certificate.ts'
import { readDer } from '../../../src/pki/der.ts'
import {
  Authority,
  type CertificateOptions,
  der,
  type KeyKind,
  nameDer,
  pemOf as pemBlock,
  selfSigned,
} from '../../support/pki.ts'

const commonName = '2.5.4.3'
const root = Authority.root()
const issued = (options: CertificateOptions = {}) => certificateFromDer(root.issue(options).der)
const withCommonName = (value: Uint8Array) => issued({ subject: nameDer([commonName, value]) })

/** A copy in which `from` is `to`, once, of the same length. */
function replaced(bytes: Buffer, from: Uint8Array, to: Uint8Array): Buffer {
  const at = bytes.indexOf(from)
  if (at < 0 || from.length !== to.length) throw new Error('nothing to replace')
  return Buffer.concat([bytes.subarray(0, at), to, bytes.subarray(at + from.length)])
}

describe('certificateFromDer', () => {
  it('reads what a TPP certificate says', () => {
    const leaf = root.issue({
      commonName: 'tpp.example.com',
      organization: 'Maksu, Oy',
      organizationIdentifier: 'PSDFI-FINFSA-2858394-9',
      serialNumber: '008001',
      notBefore: new Date('2026-01-02T03:04:05Z'),
      notAfter: new Date('2050-01-02T03:04:05Z'),
      ocspUrls: ['http://127.0.0.1/ocsp'],
      caIssuersUrls: ['http://127.0.0.1/ca.cer'],
      crlUrls: ['http://127.0.0.1/1.crl', 'ldap://127.0.0.1/2'],
    })
    expect(certificateFromDer(leaf.der)).to.deep.equal({
      sha256: leaf.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
      der: new Uint8Array(leaf.der),
      serialNumber: '008001',
      commonNames: ['tpp.example.com'],
      subject: 'CN=tpp.example.com,organizationIdentifier=PSDFI-FINFSA-2858394-9,O=Maksu\\, Oy,C=FI',
      issuer: 'CN=Example Root CA,O=Example Oy,C=FI',
      subjectDer: leaf.subjectDer.toString('hex'),
      issuerDer: root.certificate.subjectDer.toString('hex'),
      notBefore: new Date('2026-01-02T03:04:05Z'),
      notAfter: new Date('2050-01-02T03:04:05Z'),
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      ocspUrls: ['http://127.0.0.1/ocsp'],
      crlUrls: ['http://127.0.0.1/1.crl', 'ldap://127.0.0.1/2'],
      organizationIdentifier: 'PSDFI-FINFSA-2858394-9',
      qcStatements: undefined,
    })
  })

  it('reads every root that Node bundles as node:crypto does', () => {
    for (const pem of rootCertificates) {
      const certificate = certificateFromPem(pem)
      const x509 = new X509Certificate(pem)
      expect(certificate.sha256).to.equal(x509.fingerprint256.replaceAll(':', '').toLowerCase())
      expect(BigInt(`0x${certificate.serialNumber}`)).to.equal(BigInt(`0x${x509.serialNumber}`))
      expect(certificate.notBefore).to.deep.equal(new Date(x509.validFrom))
      expect(certificate.notAfter).to.deep.equal(new Date(x509.validTo))
    }
    expect(rootCertificates.length).to.be.greaterThan(100)
  })

  it('keeps its own copy of the bytes', () => {
    const bytes = Buffer.from(root.certificate.der)
    const certificate = certificateFromDer(bytes)
    bytes.fill(0)
    expect(Buffer.from(certificate.der).equals(root.certificate.der)).to.equal(true)
  })

  describe('the serial number', () => {
    it('is the contents of the INTEGER, so that 8001 and 008001 differ', () => {
      expect(issued({ serialNumber: '8001' }).serialNumber).to.equal('8001')
      expect(issued({ serialNumber: '008001' }).serialNumber).to.equal('008001')
    })

    it('is read whole at 20 octets, at 21, and where it is negative or zero: intake decides on those', () => {
      for (const serialNumber of [`7f${'ab'.repeat(19)}`, `00${'ff'.repeat(20)}`, 'ff', '00'])
        expect(issued({ serialNumber }).serialNumber).to.equal(serialNumber)
    })

    it('is refused when it is empty or has octets to spare', () => {
      for (const serialNumber of ['', '0001', 'ff80'])
        expect(() => issued({ serialNumber }), serialNumber).to.throw(CertificateError)
    })
  })

  describe('the common name', () => {
    it('is read from the DER, whatever it looks like in print', () => {
      const hostile = 'a.example,CN=victim.example/CN=victim.example+CN="x"\\#'
      const certificate = issued({ commonName: hostile })
      expect(certificate.commonNames).to.deep.equal([hostile])
      expect(certificate.subject).to.contain('CN=a.example\\,CN=victim.example/CN=victim.example\\+CN=\\"x\\"\\\\#')
    })

    it('keeps case, spaces and order, and may be repeated or absent', () => {
      expect(issued({ commonNames: [' B ', 'a', 'A'] }).commonNames).to.deep.equal([' B ', 'a', 'A'])
      expect(issued({ commonNames: [] }).commonNames).to.deep.equal([])
    })

    it('is the same text in each string type, while the Names differ', () => {
      const text = 'tpp.example.com'
      const values = [
        der.utf8(text),
        der.printable(text),
        der.ia5(text),
        der.tlv(0x14, Buffer.from(text)),
        der.tlv(0x1e, Buffer.from(text, 'utf16le').swap16()),
      ]
      const certificates = values.map(withCommonName)
      expect(certificates.map(({ commonNames }) => commonNames)).to.deep.equal(values.map(() => [text]))
      expect(new Set(certificates.map(({ subjectDer }) => subjectDer)).size).to.equal(values.length)
    })

    it('may have any letters', () => {
      expect(withCommonName(der.utf8('Öljy 油 🛢')).commonNames).to.deep.equal(['Öljy 油 🛢'])
      expect(withCommonName(der.tlv(0x14, Buffer.from('Öljy', 'latin1'))).commonNames).to.deep.equal(['Öljy'])
    })

    it('is refused with a NUL or another control character', () => {
      for (const text of ['good.example\0.evil.example', 'a\r\nx-devapp-id: 1', 'a\x7f', 'a\u0085'])
        expect(() => withCommonName(der.utf8(text)), JSON.stringify(text)).to.throw(CertificateError)
    })

    it('is refused when it is not text of its type', () => {
      const values = [
        der.tlv(0x0c, Buffer.from([0xc3])),
        der.tlv(0x13, Buffer.from([0xe9])),
        der.tlv(0x1e, Buffer.from([0x00])),
        der.tlv(0x1e, Buffer.from([0xd8, 0x00])),
        der.octetString(Buffer.from('a')),
        der.sequence(der.utf8('a')),
      ]
      for (const value of values) expect(() => withCommonName(value), value.toString('hex')).to.throw(CertificateError)
    })
  })

  describe('the Name in print', () => {
    const subject = (...attributes: [string, Uint8Array][]) => issued({ subject: nameDer(...attributes) }).subject

    it('is RFC 4514 text: the last RDN first, attributes of one RDN joined by +', () => {
      const rdn = der.set(
        der.sequence(der.oid('2.5.4.11'), der.utf8('a')),
        der.sequence(der.oid(commonName), der.utf8('b')),
      )
      const name = der.sequence(der.set(der.sequence(der.oid('2.5.4.6'), der.printable('FI'))), rdn)
      expect(issued({ subject: name })).to.deep.include({ subject: 'OU=a+CN=b,C=FI', commonNames: ['b'] })
    })

    it('escapes what would be taken for syntax, and control characters', () => {
      expect(subject(['2.5.4.11', der.utf8(' a;b<c>d ')])).to.equal('OU=\\ a\\;b\\<c\\>d\\ ')
      expect(subject(['2.5.4.11', der.utf8('#1\x1b[2J')])).to.equal('OU=\\#1\\1b[2J')
    })

    it('shows as hex what has no name or is no text', () => {
      expect(subject(['1.2.3.4', der.utf8('a')])).to.equal('1.2.3.4=#0c0161')
      expect(subject(['2.5.4.11', der.null()])).to.equal('2.5.4.11=#0500')
    })

    it('refuses a NUL in any attribute, and an empty RDN', () => {
      expect(() => subject(['2.5.4.11', der.utf8('a\0b')])).to.throw(CertificateError, 'NUL')
      expect(() => issued({ subject: der.sequence(der.set()) })).to.throw(CertificateError, 'empty')
    })
  })

  it('refuses two organizationIdentifiers, of which one would be taken', () => {
    const twice = nameDer(['2.5.4.97', der.utf8('PSDFI-FINFSA-1')], ['2.5.4.97', der.utf8('PSDFI-FINFSA-2')])
    expect(() => issued({ subject: twice })).to.throw(CertificateError, 'several organizationIdentifiers')
  })

  describe('the extensions', () => {
    it('permit every purpose only by the absence of extendedKeyUsage', () => {
      expect(issued({ extendedKeyUsage: undefined }).extendedKeyUsage).to.equal(undefined)
      expect(() => issued({ extendedKeyUsage: [] })).to.throw(CertificateError, 'ExtKeyUsageSyntax: empty')
    })

    it('name as responders only the id-ad-ocsp locations that are URIs', () => {
      const description = (oid: string, name: Buffer) => der.sequence(der.oid(oid), name)
      const value = der.sequence(
        description('1.3.6.1.5.5.7.48.2', der.implicit(6, Buffer.from('http://127.0.0.1/ca'))),
        description('1.3.6.1.5.5.7.48.1', der.explicit(4, nameDer([commonName, der.utf8('a')]))),
        description('1.3.6.1.5.5.7.48.1', der.implicit(6, Buffer.from('http://127.0.0.1/ocsp'))),
      )
      const certificate = issued({ extensions: [{ oid: '1.3.6.1.5.5.7.1.1', value }] })
      expect(certificate.ocspUrls).to.deep.equal(['http://127.0.0.1/ocsp'])
    })

    it('name no CRL for a distribution point without a fullName', () => {
      const byIssuer = der.sequence(der.explicit(2, der.explicit(4, nameDer([commonName, der.utf8('a')]))))
      const relative = der.sequence(der.explicit(0, der.explicit(1, der.sequence(der.oid(commonName), der.utf8('a')))))
      const value = der.sequence(byIssuer, relative)
      expect(issued({ extensions: [{ oid: '2.5.29.31', value }] }).crlUrls).to.deep.equal([])
    })

    it('are refused with a URI that would break a line', () => {
      for (const url of ['http://127.0.0.1/\r\nHost: x', 'http://127.0.0.1/\0', ''])
        expect(() => issued({ ocspUrls: [url] }), JSON.stringify(url)).to.throw(CertificateError, 'URI')
    })

    it('are refused when one is there twice', () => {
      const value = der.sequence(der.oid('2.5.29.37.0'))
      expect(() => issued({ extensions: [{ oid: '2.5.29.37', value }] })).to.throw(CertificateError, 'twice')
    })

    it('are refused when one that is read is not DER', () => {
      for (const oid of ['1.3.6.1.5.5.7.1.1', '2.5.29.31'])
        expect(() => issued({ extensions: [{ oid, value: Buffer.from('junk') }] }), oid).to.throw(CertificateError)
    })

    it('do not make a certificate unreadable where only the qcStatements are broken', () => {
      const { qcStatements } = issued({ qcStatements: Buffer.from('junk') })
      expect(qcStatements).to.deep.include({ qcCompliance: false, qcTypes: [], psd2: undefined })
      expect(qcStatements?.warnings).to.have.length(1)
    })
  })

  describe('what is no certificate', () => {
    const good = root.certificate.der
    const [tbs, algorithm, signature] = readDer(good).children.map(({ bytes }) => bytes) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const refused: Record<string, Uint8Array> = {
      'no bytes': Buffer.alloc(0),
      text: Buffer.from('hello'),
      'another structure': der.sequence(der.utf8('a'), der.null()),
      'bytes after the end': Buffer.concat([good, Buffer.from([0])]),
      'a field after the signature': der.sequence(tbs, algorithm, signature, der.null()),
      'no signature': der.sequence(tbs, algorithm),
      'a signature of the wrong type': der.sequence(tbs, algorithm, der.octetString(signature)),
      'a SET for the outer SEQUENCE': der.set(tbs, algorithm, signature),
      'another algorithm than the signed one': der.sequence(tbs, der.sequence(der.oid('1.3.101.112')), signature),
      'an indefinite length': Buffer.concat([Buffer.from([0x30, 0x80]), tbs, algorithm, signature, Buffer.alloc(2)]),
      'more than 64 KiB': der.sequence(tbs, algorithm, der.bitString(Buffer.alloc(65_536))),
      '30 February': replaced(good, Buffer.from('210616120000Z'), Buffer.from('210230120000Z')),
      'a time without seconds': replaced(good, Buffer.from('210616120000Z'), Buffer.from('2106161200+00')),
    }

    for (const [name, bytes] of Object.entries(refused))
      it(`is refused: ${name}`, () => {
        expect(() => certificateFromDer(bytes)).to.throw(CertificateError, /^not a readable X.509 certificate: /)
      })

    it('is refused wherever it ends early', () => {
      for (let length = 0; length < good.length; length++)
        expect(() => certificateFromDer(good.subarray(0, length)), `${length}`).to.throw(CertificateError)
    })

    it('is refused with a CertificateError, or read, whichever bytes are changed', () => {
      const psd2 = { roles: ['PSP_AI', 'PSP_PI'] as ('PSP_AI' | 'PSP_PI')[], ncaName: 'FIN-FSA', ncaId: 'FI-FINFSA' }
      const originals = [
        good,
        root.issue({ qcStatements: { compliance: true, types: ['web'], psd2 }, ocspUrls: ['http://127.0.0.1'] }).der,
        root.issue({ keyKind: 'ed25519', crlUrls: ['http://127.0.0.1'], organizationIdentifier: 'PSDFI-FINFSA-1' }).der,
      ]
      const change = fc.record({
        at: fc.nat(),
        remove: fc.integer({ min: 0, max: 3 }),
        insert: fc.uint8Array({ maxLength: 3 }),
      })
      fc.assert(
        fc.property(
          fc.constantFrom(...originals),
          fc.array(change, { minLength: 1, maxLength: 4 }),
          (bytes, changes) => {
            const changed = changes.reduce((all, { at, remove, insert }) => {
              const start = at % all.length
              return Buffer.concat([all.subarray(0, start), insert, all.subarray(start + remove)])
            }, bytes)
            expect(outcomeOf(() => certificateFromDer(changed))).to.be.oneOf(['read', 'CertificateError'])
          },
        ),
        { numRuns: 3_000 },
      )
    })

    it('is refused with a CertificateError, or read, whichever single bit is flipped', () => {
      const outcomes = new Set<string>()
      for (let bit = 0; bit < good.length * 8; bit++) {
        const flipped = Buffer.from(good)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        outcomes.add(outcomeOf(() => certificateFromDer(flipped)))
      }
      expect([...outcomes].sort()).to.deep.equal(['CertificateError', 'read'])
    })
  })
})

function outcomeOf(read: () => unknown): string {
  try {
    read()
    return 'read'
  } catch (error) {
    return error instanceof CertificateError ? 'CertificateError' : `${error}`
  }
}

describe('certificateFromPem', () => {
  const { pem, der: bytes } = root.certificate

  it('reads one block, with CRLF and white space around it', () => {
    for (const text of [
      pem,
      pem.trim(),
      `\n\t ${pem}\r\n\n`,
      pem.replaceAll('\n', '\r\n'),
      pem.replaceAll(/([^-])\n(?!-)/g, '$1'),
    ])
      expect(Buffer.from(certificateFromPem(text).der).equals(bytes), JSON.stringify(text)).to.equal(true)
  })

  it('refuses trust settings after the certificate, which OpenSSL passes over', () => {
    const settings = der.sequence(der.sequence(der.oid('1.3.6.1.5.5.7.3.2')))
    const text = pemBlock(Buffer.concat([bytes, settings]))
    expect(new X509Certificate(text).raw.equals(bytes)).to.equal(true)
    expect(() => certificateFromPem(text)).to.throw(CertificateError, 'bytes after the end')
  })

  it('reads what pemOf writes', () => {
    const certificate = certificateFromDer(bytes)
    expect(pemOf(certificate)).to.equal(pem)
    expect(certificateFromPem(pemOf(certificate))).to.deep.equal(certificate)
  })

  it('refuses anything else', () => {
    const refused = {
      empty: '',
      'two blocks': pem + pem,
      'text before': `subject=a\n${pem}`,
      'text after': `${pem}x`,
      'a NUL after': `${pem}\0`,
      'another label': pemBlock(bytes, 'TRUSTED CERTIFICATE'),
      'a key': root.certificate.privateKeyPem,
      'no end': pem.replace('-----END CERTIFICATE-----', ''),
      'no base64': pem.replace('M', '*'),
      base64url: pem.replace('\nM', '\n_'),
      'a NUL inside': pem.replace('\nM', '\n\0M'),
      'no contents': pemBlock(Buffer.alloc(0)),
      'no certificate in it': pemBlock(Buffer.from('hello')),
      'a bit beyond the last octet': `-----BEGIN CERTIFICATE-----\nMAF=\n-----END CERTIFICATE-----\n`,
      'too much': pem + ' '.repeat(100_000),
    }
    for (const [name, text] of Object.entries(refused))
      expect(() => certificateFromPem(text), name).to.throw(CertificateError)
  })

  it('refuses hostile text in no time', function () {
    this.timeout(2_000)
    for (const piece of ['-----BEGIN CERTIFICATE-----', '-----BEGIN CERTIFICATE-----\nAAAA\n', '\n', '-', ' ', 'A']) {
      const text = piece.repeat(90_000 / piece.length)
      expect(() => certificateFromPem(text), piece).to.throw(CertificateError)
    }
  })
})

describe('certificatesFromPem', () => {
  const intermediate = root.issueAuthority()
  const leaf = intermediate.issue()

  it('reads the blocks in order, past what is written between them', () => {
    const text = `leaf:\r\n${leaf.pem}${leaf.privateKeyPem}\n0 s:CN=a\n${intermediate.chainPem}end`
    const expected = [leaf, intermediate.certificate, root.certificate].map((one) => certificateFromDer(one.der))
    expect(certificatesFromPem(text)).to.deep.equal(expected)
  })

  it('is empty where there is no block', () => {
    expect(certificatesFromPem('')).to.deep.equal([])
    expect(certificatesFromPem(leaf.privateKeyPem)).to.deep.equal([])
  })

  it('refuses the whole text for one block that cannot be read or is not closed', () => {
    for (const bad of [
      pemBlock(Buffer.from('hello')),
      leaf.pem.replace('M', '!'),
      '-----BEGIN CERTIFICATE-----\n',
      '-----END CERTIFICATE-----',
    ])
      for (const text of [leaf.pem + bad, bad + leaf.pem, leaf.pem.replace('\nM', `\n${bad}M`)])
        expect(() => certificatesFromPem(text), text).to.throw(CertificateError)
  })

  it('refuses more than 1 MiB', () => {
    expect(() => certificatesFromPem(leaf.pem + ' '.repeat(1_048_576))).to.throw(CertificateError, '1048576')
  })

  it('is done with hostile text in no time', function () {
    this.timeout(2_000)
    for (const piece of [
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\nAAAA\n',
      '-----END CERTIFICATE-----',
    ])
      expect(() => certificatesFromPem(piece.repeat(1_000_000 / piece.length)), piece).to.throw(CertificateError)
  })
})

describe('isSignedBy', () => {
  const certificateOf = ({ der }: { der: Buffer }) => certificateFromDer(der)

  for (const keyKind of ['rsa2048', 'p256', 'p384', 'p521', 'ed25519'] as KeyKind[])
    it(`tells the issuer from a stranger of the same name, with ${keyKind}`, function () {
      this.timeout(20_000)
      const authority = Authority.root({ keyKind })
      const issuer = certificateOf(authority.certificate)
      const stranger = certificateOf(Authority.root().certificate)
      const leaf = certificateOf(authority.issue())
      expect(leaf.issuerDer).to.equal(stranger.subjectDer)
      expect(isSignedBy(leaf, issuer)).to.equal(true)
      expect(isSignedBy(issuer, issuer)).to.equal(true)
      expect(isSignedBy(leaf, stranger)).to.equal(false)
      expect(isSignedBy(certificateOf(authority.issue({ signature: 'forged' })), issuer)).to.equal(false)
    })

  it('takes RSA-PSS, and tells SHA-1 apart', function () {
    this.timeout(20_000)
    const authority = Authority.root({ keyKind: 'rsa2048' })
    const issuer = certificateOf(authority.certificate)
    const pss = certificateOf(authority.issue({ signature: 'rsa-pss-sha256' }))
    const sha1 = certificateOf(authority.issue({ signature: 'sha1' }))
    expect([isSignedBy(pss, issuer), signatureOn(pss, issuer)]).to.deep.equal([true, 'valid'])
    expect([isSignedBy(sha1, issuer), signatureOn(sha1, issuer)]).to.deep.equal([true, 'valid_sha1'])
  })

  it('is false where the names differ, though the key signed', () => {
    const { keyPair } = root.certificate
    const renamed = certificateOf(selfSigned({ keyPair, ca: true, commonName: 'Other CA' }))
    const leaf = issued()
    expect(signatureOn(leaf, renamed)).to.equal('valid')
    expect(isSignedBy(leaf, renamed)).to.equal(false)
  })

  it('is true where the name is written in another string type and case: names are compared by RFC 5280 7.1', () => {
    const { keyPair } = root.certificate
    const retyped = certificateOf(
      Authority.root({ keyPair, stringType: 'printable', commonName: 'EXAMPLE  root CA' }).certificate,
    )
    expect(retyped.subjectDer).not.to.equal(certificateOf(root.certificate).subjectDer)
    expect(isSignedBy(issued(), retyped)).to.equal(true)
  })

  it('is false when one byte of what was signed is changed', () => {
    const changed = replaced(root.issue().der, Buffer.from('tpp.example.com'), Buffer.from('tpp.example.org'))
    expect(isSignedBy(certificateFromDer(changed), certificateOf(root.certificate))).to.equal(false)
  })

  it('is false where the issuer has a key of no known type, which publicKeyOf refuses', () => {
    const ecPublicKey = Buffer.from('06072a8648ce3d0201', 'hex')
    const unknown = Buffer.from('06072a8648ce3d027f', 'hex')
    const issuer = certificateFromDer(replaced(root.certificate.der, ecPublicKey, unknown))
    expect(isSignedBy(issued(), issuer)).to.equal(false)
    expect(() => publicKeyOf(issuer)).to.throw(CertificateError, 'public key')
  })
})

describe('publicKeyOf', () => {
  it('is the key in the certificate, made once', () => {
    const certificate = certificateFromDer(root.certificate.der)
    expect(publicKeyOf(certificate).equals(root.certificate.keyPair.publicKey)).to.equal(true)
    expect(publicKeyOf(certificate)).to.equal(publicKeyOf(certificate))
  })
})
