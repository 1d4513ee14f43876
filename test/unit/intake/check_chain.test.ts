import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { expect } from 'chai'
import type { RevocationStatus } from '../../../src/domain/evidence.ts'
import type { ChainRules } from '../../../src/intake/check_chain.ts'
import {
  Authority,
  type CertificateOptions,
  der,
  fixedNow,
  type KeyPair,
  nameDer,
  newKeyPair,
} from '../../support/pki.ts'
import { chain, codeAndPlace, fine, issuing, leaf, problemsOf, report, root } from './fixture.ts'

const dayMs = 86_400_000
const days = (count: number): Date => new Date(fixedNow.getTime() + count * dayMs)
const curve = (namedCurve: string): KeyPair => generateKeyPairSync('ec', { namedCurve })

/** What comes of a leaf below the fixture's CAs. */
const ofLeaf = (options: CertificateOptions) =>
  problemsOf(issuing.issue({ ...fine, ...options }).pem + issuing.chainPem)

/** What comes of a good leaf below such a CA. */
function ofIssuer(options: CertificateOptions, changes?: Parameters<typeof problemsOf>[1]) {
  const authority = root.issueAuthority(options)
  return problemsOf(authority.issue(fine).pem + authority.chainPem, changes)
}

function ofRoot(options: CertificateOptions) {
  const authority = Authority.root(options)
  return problemsOf(authority.issue(fine).pem + authority.chainPem, { roots: [authority.certificate] })
}

describe('a chain', () => {
  it('that is accepted says what to register', async () => {
    const { registered } = await report(chain)
    expect(registered?.leaf.sha256).to.equal(createHash('sha256').update(leaf.der).digest('hex'))
    expect(registered?.chain.map(({ subject }) => subject)).to.deep.equal([
      'CN=Example Issuing CA,O=Example Oy,C=FI',
      'CN=Example Root CA,O=Example Oy,C=FI',
    ])
  })

  it('is refused with everything that is wrong at once, each with its place, its subject and a cure', async () => {
    const serverAuth = '1.3.6.1.5.5.7.3.1'
    const wrong = { notAfter: days(-1), extendedKeyUsage: [serverAuth], commonNames: [], serialNumber: '00' }
    const bad = issuing.issue({ ...fine, ...wrong, signature: 'forged' })
    const file = root.certificate.pem + issuing.certificate.pem + bad.pem
    const { problems, registered } = await report(file, { roots: [] })
    expect(problems.map(codeAndPlace)).to.deep.equal([
      ...['order_reversed', 'root_not_accepted@1', 'common_name_missing@3', 'serial_zero@3'],
      ...['not_for_client_authentication@3', 'expired@3', 'signature_invalid@3'],
    ])
    expect(problems[1]).to.deep.equal({
      ...{ code: 'root_not_accepted', position: 1, subject: 'CN=Example Root CA,O=Example Oy,C=FI' },
      message: 'The root is not one of those that are accepted here.',
      cure: 'Order a certificate from a CA that Mozilla accepts, or ask the operator whether yours can be added.',
    })
    expect(registered).to.equal(undefined)
  })

  it('with a certificate that cannot be read is judged by the others each for itself', async () => {
    const unreadable = issuing.issue({ extendedKeyUsage: [] })
    const expired = root.issueAuthority({ notAfter: days(-1) })
    expect(await problemsOf(unreadable.pem + expired.chainPem)).to.deep.equal(['certificate_unreadable@1', 'expired@2'])
  })

  it('holds at the last second of its certificates, and not outside their time', async () => {
    expect(await ofLeaf({ notAfter: days(-1) })).to.deep.equal(['expired@1'])
    expect(await ofLeaf({ notBefore: days(1) })).to.deep.equal(['not_yet_valid@1'])
    expect(await ofIssuer({ notAfter: days(-1) })).to.deep.equal(['expired@2'])
    expect(await ofRoot({ notAfter: days(-1) })).to.deep.equal(['expired@2'])
    expect(await ofLeaf({ notAfter: fixedNow })).to.deep.equal([])
  })

  it('has a leaf with exactly one common name', async () => {
    expect(await ofLeaf({ commonNames: [] })).to.deep.equal(['common_name_missing@1'])
    expect(await ofLeaf({ commonNames: ['a.example', 'b.example'] })).to.deep.equal(['common_name_repeated@1'])
    expect(await ofIssuer({ commonNames: ['a', 'b'] })).to.deep.equal([])
  })

  it('has serial numbers above zero, of 20 octets at most, except the one of the root', async () => {
    const bad = {
      '00': 'serial_zero',
      '80': 'serial_negative',
      ff: 'serial_negative',
      [`01${'00'.repeat(20)}`]: 'serial_too_long',
    }
    for (const [serialNumber, code] of Object.entries(bad)) {
      expect(await ofLeaf({ serialNumber }), serialNumber).to.deep.equal([`${code}@1`])
      expect(await ofIssuer({ serialNumber }), serialNumber).to.deep.equal([`${code}@2`])
      expect(await ofRoot({ serialNumber }), serialNumber).to.deep.equal([])
    }
    for (const serialNumber of ['01', '0080', '7f'.repeat(20), `00${'ff'.repeat(20)}`])
      expect(await ofLeaf({ serialNumber }), serialNumber).to.deep.equal([])
  })

  it('has keys of 2048 bits RSA or of a curve that is known', async function () {
    this.timeout(20_000)
    for (const keyPair of [newKeyPair('rsa1024'), curve('secp224r1')]) {
      expect(await ofLeaf({ keyPair })).to.deep.equal(['key_weak@1'])
      expect(await ofRoot({ keyPair })).to.include('key_weak@2')
    }
    const { publicKey, privateKey } = newKeyPair('rsa2048')
    const everybodys = createPublicKey({ key: { ...publicKey.export({ format: 'jwk' }), e: 'AQ' }, format: 'jwk' })
    expect(await ofLeaf({ keyPair: { publicKey: everybodys, privateKey } })).to.deep.equal(['key_weak@1'])
    expect(await ofLeaf({ keyPair: curve('secp256k1') })).to.deep.equal(['key_unsupported@1'])
    expect(await ofIssuer({ keyPair: curve('secp256k1') })).to.include('key_unsupported@2')
    expect(await ofLeaf({ keyKind: 'rsa2048' })).to.deep.equal([])
    expect(await ofLeaf({ keyKind: 'p384' })).to.deep.equal([])
  })

  it('has a leaf whose key Envoy takes in a handshake; CAs may have others', async () => {
    for (const keyKind of ['ed25519', 'p521'] as const) {
      expect(await ofLeaf({ keyKind })).to.deep.equal(['key_unsupported@1'])
      expect(await ofIssuer({ keyKind })).to.deep.equal([])
      expect(await ofRoot({ keyKind })).to.deep.equal([])
    }
  })

  it('has a leaf for client authentication', async () => {
    const [clientAuth, serverAuth, any] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
    expect(await ofLeaf({ extendedKeyUsage: [serverAuth] })).to.deep.equal(['not_for_client_authentication@1'])
    expect(await ofLeaf({ extendedKeyUsage: [any] })).to.deep.equal(['not_for_client_authentication@1'])
    expect(await ofLeaf({ extendedKeyUsage: [serverAuth, clientAuth] })).to.deep.equal([])
    expect(await ofLeaf({ extendedKeyUsage: undefined })).to.deep.equal([])
    expect(await ofIssuer({ extendedKeyUsage: [serverAuth] })).to.deep.equal(['issuer_not_for_client_authentication@2'])
    expect(await ofIssuer({ extendedKeyUsage: [any] })).to.deep.equal([])
  })

  it('has a leaf whose key may sign', async () => {
    expect(await ofLeaf({ keyUsage: ['keyEncipherment'] })).to.deep.equal(['key_usage@1'])
    expect(await ofLeaf({ keyUsage: ['digitalSignature', 'keyEncipherment'] })).to.deep.equal([])
    expect(await ofLeaf({ keyUsage: [] })).to.deep.equal([])
  })

  it('has no signature over SHA-1 or MD5, except the one of the root', async function () {
    this.timeout(20_000)
    const authority = Authority.root({ keyKind: 'rsa2048', signature: 'md5' })
    const accepted = { roots: [authority.certificate] }
    expect(await problemsOf(authority.issue(fine).pem + authority.chainPem, accepted)).to.deep.equal([])
    for (const signature of ['sha1', 'md5'] as const)
      expect(
        await problemsOf(authority.issue({ ...fine, signature }).pem + authority.chainPem, accepted),
      ).to.deep.equal(['signature_weak@1'])
  })

  it('is a valid path, each problem of RFC 5280 under a code of its own', async () => {
    const critical = [{ oid: '1.2.3.4', value: der.null(), critical: true }]
    expect(await ofIssuer({ ca: false, keyUsage: ['keyCertSign'], extendedKeyUsage: undefined })).to.deep.equal([
      'not_ca@2',
    ])
    expect(await ofIssuer({ keyUsage: ['cRLSign'] })).to.deep.equal(['key_cert_sign_missing@2'])
    expect(await ofIssuer({ version: 1 })).to.deep.equal(['version_too_old@2'])
    expect(await ofIssuer({ subject: der.sequence() })).to.deep.equal(['subject_empty@2'])
    expect(await ofLeaf({ extensions: critical })).to.deep.equal(['critical_extension_unknown@1'])
    const otherKey = [{ oid: '2.5.29.35', value: der.sequence(der.implicit(0, Buffer.of(7))) }]
    expect(await ofLeaf({ extensions: otherKey, withoutAuthorityKeyIdentifier: true })).to.deep.equal([
      'key_identifier_mismatch@1',
    ])
    const malformed = [{ oid: '2.5.29.17', value: der.null() }]
    expect(await ofLeaf({ extensions: malformed })).to.deep.equal(['extension_malformed@1'])
    const short = Authority.root({ pathLength: 0 })
    const below = short.issueAuthority()
    expect(await problemsOf(below.issue(fine).pem + below.chainPem, { roots: [short.certificate] })).to.deep.equal([
      'path_too_long@2',
    ])
    const explicit = [{ oid: '2.5.29.36', value: der.sequence(der.implicit(0, Buffer.of(0))), critical: true }]
    expect(await ofIssuer({ extensions: explicit })).to.deep.equal(['policy_missing@1'])
  })

  it('is refused below an issuer that is not accepted, by its name or by its key', async () => {
    expect(await ofIssuer({ organization: "let's  ENCRYPT" })).to.deep.equal(['issuer_refused@2'])
    expect(await ofRoot({ organization: 'Internet Security Research Group' })).to.deep.equal(['issuer_refused@2'])
    expect(await ofLeaf({ organization: "Let's Encrypt" })).to.deep.equal([])
    const spki = issuing.certificate.keyPair.publicKey.export({ type: 'spki', format: 'der' })
    const refusedIssuers = [{ keySha256: createHash('sha256').update(spki).digest('hex') }]
    expect(await problemsOf(chain, { refusedIssuers })).to.deep.equal(['issuer_refused@2'])
    expect(await ofIssuer({ organization: "Let's Encrypt" }, { refusedIssuers: [] })).to.deep.equal([])
    const authority = root.issueAuthority({ organization: "Let's Encrypt" })
    expect(await problemsOf(authority.issue(fine).pem)).to.include('issuer_refused@1')
  })
})

describe('the warnings about a chain', () => {
  const ofWarnings = async (options: CertificateOptions, changes?: Parameters<typeof report>[1]) =>
    (await report(issuing.issue({ ...fine, ...options }).pem + issuing.chainPem, changes)).warnings.map(codeAndPlace)

  it('tell that it expires within sixty days', async () => {
    expect(await ofWarnings({ notAfter: days(59) })).to.deep.equal(['expires_soon@1'])
    expect(await ofWarnings({ notAfter: days(60) })).to.deep.equal([])
    expect(await ofWarnings({ notAfter: days(-1) })).to.deep.equal([])
  })

  it('tell that it names no OCSP responder', async () => {
    expect(await ofWarnings({ ocspUrls: [] })).to.deep.equal(['no_ocsp_address@1'])
  })

  it('tell that Envoy takes its common name for a host where names are constrained', async () => {
    const permitted = der.explicit(0, der.sequence(der.explicit(4, nameDer(['2.5.4.6', der.printable('FI')]))))
    const constrained = root.issueAuthority({
      extensions: [{ oid: '2.5.29.30', value: der.sequence(permitted), critical: true }],
    })
    const warned = async (options: CertificateOptions) => {
      const { accepted, warnings } = await report(constrained.issue({ ...fine, ...options }).pem + constrained.chainPem)
      return [accepted, ...warnings.map(codeAndPlace)]
    }
    expect(await warned({})).to.deep.equal([true, 'host_name_without_san@1'])
    expect(await warned({ commonName: 'Acme Reporting' })).to.deep.equal([true])
    expect(await warned({ subjectAltNames: ['tpp.example.com'] })).to.deep.equal([true])
  })

  it('tell who else has it, and that staging and production share it', async () => {
    const one = { id: 'one', environment: 'production' } as const
    const sharedBy = (...owners: { id: string; environment: 'production' | 'staging' }[]) =>
      ofWarnings({}, { sharing: { ownersOf: async () => owners, attachTo: one } })
    expect(await sharedBy()).to.deep.equal([])
    expect(await sharedBy(one)).to.deep.equal([])
    expect(await sharedBy({ id: 'two', environment: 'production' })).to.deep.equal(['attached_elsewhere@1'])
    expect(await sharedBy({ id: 'two', environment: 'staging' })).to.deep.equal([
      'attached_elsewhere@1',
      'shared_between_environments@1',
    ])
  })
})

describe('revocation of a chain', () => {
  const answered = { source: 'ocsp', tier: 'responder', thisUpdate: fixedNow, usableUntil: days(1) } as const
  const revoked = { ...answered, status: 'revoked', reason: undefined, revokedAt: days(-2) } as const

  /** The report, and how often the issuer was asked. */
  async function asking(status: RevocationStatus, file = chain, changes: Partial<ChainRules> = {}) {
    let asked = 0
    const statusOf = async () => {
      asked++
      return status
    }
    const { accepted, problems, warnings, registered } = await report(file, { ...changes, statusOf })
    return {
      asked,
      accepted,
      codes: [...problems, ...warnings].map(codeAndPlace),
      registered: registered !== undefined,
    }
  }

  it('refuses it where the issuer says revoked, and where it does not know the certificate', async () => {
    const refused = { asked: 1, accepted: false, registered: false }
    expect(await asking(revoked)).to.deep.equal({ ...refused, codes: ['revoked@1'] })
    expect(await asking({ ...answered, status: 'unknown' })).to.deep.equal({
      ...refused,
      codes: ['revocation_unknown@1'],
    })
  })

  it('accepts it where the issuer says good, and with a warning where nobody answers', async () => {
    const accepted = { asked: 1, accepted: true, registered: true }
    expect(await asking({ ...answered, status: 'good' })).to.deep.equal({ ...accepted, codes: [] })
    expect(await asking({ status: 'no_source' })).to.deep.equal({ ...accepted, codes: [] })
    const unavailable = { status: 'unavailable', cause: 'timeout', lastRevoked: false } as const
    expect(await asking(unavailable)).to.deep.equal({ ...accepted, codes: ['revocation_unavailable@1'] })
    expect((await asking({ ...unavailable, lastRevoked: true })).codes).to.deep.equal(['revoked@1'])
  })

  it('counts for the CAs above, where they are asked about', async () => {
    const { accepted, codes } = await asking({ ...answered, status: 'good', issuers: [revoked] })
    expect([accepted, ...codes]).to.deep.equal([false, 'revoked@2'])
  })

  it('is never asked about where anything else is wrong, or the root is not accepted', async () => {
    expect((await asking(revoked, chain, { at: days(1_000) })).asked).to.equal(0)
    expect((await asking(revoked, leaf.pem)).asked).to.equal(0)
    expect((await asking(revoked, chain, { refusedIssuers: [{ organization: 'Example Oy' }] })).asked).to.equal(0)
    const stranger = Authority.root()
    expect((await asking(revoked, stranger.issue(fine).pem + stranger.chainPem)).asked).to.equal(0)
  })
})
