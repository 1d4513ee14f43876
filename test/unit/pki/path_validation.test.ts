import { generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { validatePath } from '../../../src/pki/path_validation.ts'
import { Authority, type CertificateOptions, der, fixedNow, nameDer, newKeyPair } from '../../support/pki.ts'
import { chainOf, extension, problemsOf, subjectAltName } from './path_fixture.ts'

const dayMs = 86_400_000
const earlier = new Date(fixedNow.getTime() - dayMs)
const later = new Date(fixedNow.getTime() + dayMs)

describe('a certification path', () => {
  it('is valid from the leaf to the root, with any number of CAs between', () => {
    expect(problemsOf(chainOf({}, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({}, {}, {}, {}, {}))).to.deep.equal([])
  })

  it('is valid up to an anchor that is no root', () => {
    expect(problemsOf(chainOf({}, {}, {}, {}).slice(0, 2))).to.deep.equal([])
  })

  it('is not valid outside the time of any of its certificates, the root too, whose last second counts', () => {
    const levels = (index: number, options: CertificateOptions) =>
      [0, 1, 2].map((level) => (level === 2 - index ? options : {}))
    for (const index of [0, 1, 2]) {
      expect(problemsOf(chainOf(...levels(index, { notAfter: earlier })))).to.deep.equal([`expired@${index}`])
      expect(problemsOf(chainOf(...levels(index, { notBefore: later })))).to.deep.equal([`not_yet_valid@${index}`])
      expect(problemsOf(chainOf(...levels(index, { notBefore: fixedNow, notAfter: fixedNow })))).to.deep.equal([])
    }
  })

  it('is broken where a signature does not hold, or rests on SHA-1 or MD5, except the one of the root', () => {
    const rsa: CertificateOptions = { keyPair: newKeyPair('rsa2048') }
    expect(problemsOf(chainOf({}, { signature: 'forged' }, {}))).to.deep.equal(['signature_invalid@1'])
    expect(problemsOf(chainOf(rsa, { signature: 'sha1' }, {}))).to.deep.equal(['signature_weak@1'])
    expect(problemsOf(chainOf(rsa, { signature: 'md5' }))).to.deep.equal(['signature_weak@0'])
    expect(problemsOf(chainOf({ ...rsa, signature: 'sha1' }, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({ ...rsa, signature: 'md5' }, {}))).to.deep.equal([])
  })

  it('is broken where the algorithm is not known', () => {
    const keyPair = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
    expect(problemsOf(chainOf({}, { keyPair }, {}))).to.deep.equal(['signature_unsupported@0'])
  })

  it('is broken where the issuer has another name, however alike the keys', () => {
    const keyPair = newKeyPair()
    const leaf = Authority.root({ keyPair }).issue()
    const renamed = Authority.root({ keyPair, commonName: 'Another' })
    expect(problemsOf([leaf.der, renamed.certificate.der])).to.deep.equal(['issuer_mismatch@0'])
  })

  it('compares names without regard to case, superfluous space and string type, also in the CAs between', () => {
    const issuer = (organization: string, name: string) =>
      nameDer(['2.5.4.6', der.printable('FI')], ['2.5.4.10', der.printable(organization)], ['2.5.4.3', der.utf8(name)])
    const chain = chainOf(
      {},
      { issuer: issuer(' EXAMPLE  oy ', 'example root ca') },
      { issuer: issuer('Example Oy', 'ca 1') },
    )
    expect(problemsOf(chain)).to.deep.equal([])
  })

  it('needs every issuer to be a CA that may sign certificates, the root too', () => {
    for (const level of [0, 1]) {
      const withIssuer = (options: CertificateOptions) =>
        chainOf(level === 0 ? options : {}, level === 1 ? options : {}, {})
      const at = 2 - level
      expect(problemsOf(withIssuer({ ca: false, keyUsage: ['keyCertSign'] }))).to.deep.equal([`not_ca@${at}`])
      expect(problemsOf(withIssuer({ keyUsage: ['cRLSign'] }))).to.deep.equal([`key_cert_sign@${at}`])
      expect(problemsOf(withIssuer({ keyUsage: [] }))).to.deep.equal([])
    }
    const absent = { ca: undefined, keyUsage: ['keyCertSign'] } as unknown as CertificateOptions
    expect(problemsOf(chainOf({}, absent, {}))).to.deep.equal(['not_ca@1'])
  })

  it('refuses an issuer whose key identifier or serial number is not the one that the certificate names', () => {
    const keyIdentifier = (octet: number) => der.implicit(0, Buffer.alloc(20, octet))
    const named = (...fields: Uint8Array[]): CertificateOptions => ({
      extensions: [extension('2.5.29.35', der.sequence(...fields))],
      withoutAuthorityKeyIdentifier: true,
    })
    expect(problemsOf(chainOf({}, {}, named(keyIdentifier(7))))).to.deep.equal(['key_identifier_mismatch@0'])
    expect(problemsOf(chainOf({}, named(keyIdentifier(7)), {}))).to.deep.equal(['key_identifier_mismatch@1'])
    const serialNumber = (octet: number) => der.implicit(2, Buffer.of(octet))
    const issuer = { serialNumber: '07' }
    expect(problemsOf(chainOf({}, issuer, named(serialNumber(7))))).to.deep.equal([])
    expect(problemsOf(chainOf({}, issuer, named(serialNumber(8))))).to.deep.equal(['key_identifier_mismatch@0'])
    expect(problemsOf(chainOf({}, {}, named()))).to.deep.equal([])
    expect(problemsOf(chainOf({}, {}, named(der.null())))).to.deep.equal(['extension_malformed@0'])
  })

  it('takes a root of version 1, which has no extensions, and no other issuer of it', () => {
    expect(problemsOf(chainOf({ version: 1 }, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({}, { version: 1 }, {}))).to.deep.equal(['version@1'])
    expect(problemsOf(chainOf({}, { version: 2 }, {}))).to.deep.equal(['version@1'])
    expect(problemsOf(chainOf({}, {}, { version: 1 }))).to.deep.equal([])
  })

  it('has no more CAs below one than its path length allows', () => {
    expect(problemsOf(chainOf({}, { pathLength: 0 }, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({}, { pathLength: 0 }, {}, {}))).to.deep.equal(['path_length@1'])
    expect(problemsOf(chainOf({}, { pathLength: 1 }, {}, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({ pathLength: 0 }, {}, {}))).to.deep.equal(['path_length@1'])
  })

  it('has its length narrowed by every CA, and widened by none', () => {
    expect(problemsOf(chainOf({ pathLength: 1 }, { pathLength: 5 }, {}, {}))).to.deep.equal(['path_length@1'])
    expect(problemsOf(chainOf({ pathLength: 2 }, { pathLength: 0 }, {}, {}))).to.deep.equal(['path_length@1'])
  })

  it('does not count what a CA gave itself, such as a new key', () => {
    const self = (pathLength?: number): CertificateOptions => ({
      commonName: 'Example Root CA',
      ...(pathLength === undefined ? {} : { pathLength }),
    })
    expect(problemsOf(chainOf({ pathLength: 0 }, self(), {}))).to.deep.equal([])
    expect(problemsOf(chainOf({ pathLength: 1 }, self(), {}, {}))).to.deep.equal([])
    expect(problemsOf(chainOf({ pathLength: 1 }, self(), {}, {}, {}))).to.deep.equal(['path_length@1'])
    expect(problemsOf(chainOf({ pathLength: 1 }, self(0), {}, {}))).to.deep.equal(['path_length@1'])
  })

  it('may end in a CA, which the path length above does not count', () => {
    expect(problemsOf(chainOf({ pathLength: 0 }, { ca: true }))).to.deep.equal([])
  })

  it('ends at a critical extension that is not known, in any of its certificates', () => {
    const unknown = { extensions: [extension('1.2.3.4', der.null(), true)] }
    expect(problemsOf(chainOf({}, {}, unknown))).to.deep.equal(['critical_extension@0'])
    expect(problemsOf(chainOf({}, unknown, {}))).to.deep.equal(['critical_extension@1'])
    expect(problemsOf(chainOf(unknown, {}, {}))).to.deep.equal(['critical_extension@2'])
    expect(problemsOf(chainOf({}, { extensions: [extension('1.2.3.4', der.null())] }))).to.deep.equal([])
  })

  it('takes the extensions that RFC 5280 processes whether or not they are critical', () => {
    const basicConstraints = der.sequence(der.boolean(true))
    const written = { ca: undefined, keyUsage: [], extensions: [extension('2.5.29.19', basicConstraints)] }
    expect(problemsOf(chainOf({}, written as unknown as CertificateOptions, {}))).to.deep.equal([])
    const critical = [
      { ...subjectAltName(der.implicit(2, Buffer.from('a.example'))), critical: true },
      extension('2.5.29.32', der.sequence(der.sequence(der.oid('1.2.3'))), true),
    ]
    expect(problemsOf(chainOf({}, {}, { extensions: critical }))).to.deep.equal([])
  })

  it('ends at an extension that cannot be read', () => {
    const malformed = {
      basicConstraints: extension('2.5.29.19', der.sequence(der.smallInteger(0))),
      subjectAltName: extension('2.5.29.17', der.sequence()),
      nameConstraints: extension('2.5.29.30', der.sequence()),
      certificatePolicies: extension('2.5.29.32', der.sequence()),
      policyMappings: extension('2.5.29.33', der.null()),
      policyConstraints: extension('2.5.29.36', der.sequence()),
      inhibitAnyPolicy: extension('2.5.29.54', der.integer('ff')),
      'a policy twice': extension(
        '2.5.29.32',
        der.sequence(der.sequence(der.oid('1.2.3')), der.sequence(der.oid('1.2.3'))),
      ),
      'a mapping of anyPolicy': extension(
        '2.5.29.33',
        der.sequence(der.sequence(der.oid('2.5.29.32.0'), der.oid('1.2.3'))),
      ),
    }
    for (const [name, each] of Object.entries(malformed))
      expect(problemsOf(chainOf({}, {}, { extensions: [each] })), name).to.deep.equal(['extension_malformed@0'])
  })

  it('needs a name for every CA', () => {
    expect(problemsOf(chainOf({}, { subject: der.sequence() }, {}))).to.deep.equal(['subject_empty@1'])
    expect(problemsOf(chainOf({ subject: der.sequence() }, {}))).to.deep.equal(['subject_empty@1'])
    expect(problemsOf(chainOf({}, { subject: der.sequence() }))).to.deep.equal([])
  })

  it('has no certificate twice', () => {
    const [leaf, root] = chainOf({}, {}) as [Uint8Array, Uint8Array]
    expect(problemsOf([leaf, root, root])).to.deep.equal(['certificate_repeated@2'])
  })

  it('has all that is wrong with it said at once, with what tells it apart', () => {
    const chain = chainOf({ notAfter: earlier }, { keyUsage: ['cRLSign'], signature: 'forged' }, { notBefore: later })
    expect(problemsOf(chain)).to.have.members([
      'not_yet_valid@0',
      'expired@2',
      'signature_invalid@1',
      'key_cert_sign@1',
    ])
    const [first] = validatePath(chain.map(certificateFromDer), fixedNow)
    expect(first).to.deep.equal({ code: 'not_yet_valid', index: 0, detail: later.toISOString() })
  })
})
