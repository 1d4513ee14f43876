/**
 * Certificates made on the spot: keys by node:crypto, DER written byte by byte, so that a test can also have what no
 * honest CA would issue. Everything is synchronous and nothing is stored.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { ObjectIdentifier } from 'asn1js'
import type { Psd2Role, QcType } from '../../src/domain/certificate.ts'

/** The clock of the tests; validity periods are laid around it. */
export const fixedNow = new Date('2026-06-15T12:00:00Z')

export type KeyKind = 'rsa2048' | 'rsa1024' | 'p256' | 'p384' | 'p521' | 'ed25519'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

/** `forged` claims the issuer's default algorithm, and is made with a stranger's key. */
export type SignatureKind = 'default' | 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | 'rsa-pss-sha256' | 'forged'

export interface CertificateOptions {
  /** Default 3; others have no extensions. */
  version?: 1 | 2 | 3
  /** Default: one that says what the certificate is. An empty `commonNames` leaves it out. */
  commonName?: string
  commonNames?: string[]
  organization?: string
  country?: string
  organizationIdentifier?: string
  stringType?: 'utf8' | 'printable'
  /** The whole subject Name in DER, in place of what the options above make. */
  subject?: Uint8Array
  /** The issuer's Name in DER as it is written here. Default: as the issuer's certificate writes it. */
  issuer?: Uint8Array
  /** Contents octets of the INTEGER in hex, written as they are. Default: 16 random octets, positive. */
  serialNumber?: string
  /** Where the default validity lies; issued certificates take it over. Default `fixedNow`. */
  now?: Date
  notBefore?: Date
  notAfter?: Date
  keyPair?: KeyPair
  keyKind?: KeyKind
  ca?: boolean
  pathLength?: number
  /** An empty list leaves the extension out. */
  keyUsage?: KeyUsage[]
  /** OIDs. `undefined`, said explicitly, leaves the extension out; a leaf's default is clientAuth. */
  extendedKeyUsage?: string[] | undefined
  ocspUrls?: string[]
  caIssuersUrls?: string[]
  crlUrls?: string[]
  /** Or the whole extnValue in DER (or not in DER). */
  qcStatements?: QcStatementsOptions | Uint8Array
  ocspNoCheck?: boolean
  /** Otherwise it names the issuer's key. */
  withoutAuthorityKeyIdentifier?: boolean
  /** dNSNames. */
  subjectAltNames?: string[]
  /** Written after the others. */
  extensions?: { oid: string; critical?: boolean; value: Uint8Array }[]
  /** How the issuer signs. `default`: SHA-256, or with P-384 SHA-384, with P-521 SHA-512. */
  signature?: SignatureKind
}

export interface QcStatementsOptions {
  compliance?: boolean
  types?: QcType[]
  psd2?: { roles: (Psd2Role | { oid: string; name: string })[]; ncaName: string; ncaId: string }
}

export interface IssuedCertificate {
  readonly der: Buffer
  readonly pem: string
  readonly keyPair: KeyPair
  readonly privateKeyPem: string
  /** node:crypto's reading; throws where that refuses the certificate. */
  readonly x509: X509Certificate
  readonly subjectDer: Buffer
  /** As in the DER, hex. */
  readonly serialNumber: string
}

/** DER, written as told: nothing is checked. Every part is a complete encoding. */
export const der = {
  tlv(tag: number, ...contents: Uint8Array[]): Buffer {
    const body = Buffer.concat(contents)
    if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
    const length = Buffer.from(
      body.length.toString(16).padStart(body.length > 0xffff ? 6 : body.length > 0xff ? 4 : 2, '0'),
      'hex',
    )
    return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body])
  },
  sequence: (...parts: Uint8Array[]): Buffer => der.tlv(0x30, ...parts),
  set: (...parts: Uint8Array[]): Buffer => der.tlv(0x31, ...parts),
  /** A constructed context-specific tag, around complete encodings. */
  explicit: (tag: number, ...parts: Uint8Array[]): Buffer => der.tlv(0xa0 | tag, ...parts),
  /** A primitive context-specific tag, around contents octets. */
  implicit: (tag: number, contents: Uint8Array): Buffer => der.tlv(0x80 | tag, contents),
  oid: (dotted: string): Buffer => Buffer.from(new ObjectIdentifier({ value: dotted }).toBER()),
  integer: (contentsHex: string): Buffer => der.tlv(0x02, Buffer.from(contentsHex, 'hex')),
  smallInteger: (value: number): Buffer => der.tlv(0x02, Buffer.from([value])),
  enumerated: (value: number): Buffer => der.tlv(0x0a, Buffer.from([value])),
  boolean: (value: boolean): Buffer => der.tlv(0x01, Buffer.from([value ? 0xff : 0])),
  null: (): Buffer => der.tlv(0x05),
  octetString: (contents: Uint8Array): Buffer => der.tlv(0x04, contents),
  bitString: (bits: Uint8Array, unusedBits = 0): Buffer => der.tlv(0x03, Buffer.from([unusedBits]), bits),
  utf8: (text: string): Buffer => der.tlv(0x0c, Buffer.from(text, 'utf8')),
  printable: (text: string): Buffer => der.tlv(0x13, Buffer.from(text, 'latin1')),
  ia5: (text: string): Buffer => der.tlv(0x16, Buffer.from(text, 'latin1')),
  generalizedTime: (time: Date): Buffer => der.tlv(0x18, Buffer.from(`${digits(time)}Z`)),
  /** UTCTime before 2050, GeneralizedTime from then on (RFC 5280 4.1.2.5). */
  time: (time: Date): Buffer =>
    time.getUTCFullYear() >= 2050 || time.getUTCFullYear() < 1950
      ? der.generalizedTime(time)
      : der.tlv(0x17, Buffer.from(`${digits(time).slice(2)}Z`)),
}

const digits = (time: Date): string =>
  time
    .toISOString()
    .slice(0, 19)
    .replace(/[^0-9]/g, '')

/** A PEM block, of a `CERTIFICATE` unless told otherwise, in lines of 64. */
export function pemOf(bytes: Uint8Array, label = 'CERTIFICATE'): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

export function newKeyPair(kind: KeyKind = 'p256'): KeyPair {
  switch (kind) {
    case 'rsa2048':
      return generateKeyPairSync('rsa', { modulusLength: 2048 })
    case 'rsa1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 })
    case 'ed25519':
      return generateKeyPairSync('ed25519')
    default:
      return generateKeyPairSync('ec', { namedCurve: { p256: 'P-256', p384: 'P-384', p521: 'P-521' }[kind] })
  }
}

/** The bits of the subjectPublicKey: what a key identifier and an OCSP issuerKeyHash are the hash of. */
export function publicKeyBits(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const algorithmAt = spki[1]! < 0x80 ? 2 : 2 + (spki[1]! & 0x7f)
  const bitString = spki.subarray(algorithmAt + 2 + spki[algorithmAt + 1]!)
  return bitString.subarray((bitString[1]! < 0x80 ? 2 : 2 + (bitString[1]! & 0x7f)) + 1)
}

/** SHA-1 of the key bits (RFC 5280 4.2.1.2, method 1). */
export const keyIdentifier = (publicKey: KeyObject): Buffer =>
  createHash('sha1').update(publicKeyBits(publicKey)).digest()

/** The AlgorithmIdentifier in DER, and a function that signs with it. */
export function signer(
  key: KeyObject,
  kind: SignatureKind = 'default',
): { algorithm: Buffer; sign: (tbs: Uint8Array) => Buffer } {
  if (kind === 'forged') return { ...signer(key), sign: signer(strangerTo(key)).sign }
  if (key.asymmetricKeyType === 'ed25519')
    return { algorithm: der.sequence(der.oid('1.3.101.112')), sign: (tbs) => sign(null, tbs, key) }
  if (kind === 'rsa-pss-sha256')
    return { algorithm: pssSha256, sign: (tbs) => sign('sha256', tbs, { key, padding: 6, saltLength: 32 }) }
  const hash = kind === 'default' ? defaultHash(key) : kind
  const algorithm =
    key.asymmetricKeyType === 'ec'
      ? der.sequence(der.oid(ecdsaOids[hash]))
      : der.sequence(der.oid(rsaOids[hash]), der.null())
  return { algorithm, sign: (tbs) => sign(hash, tbs, key) }
}

type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

function defaultHash(key: KeyObject): Hash {
  const hashes: Record<string, Hash> = { secp384r1: 'sha384', secp521r1: 'sha512' }
  return hashes[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 'sha256'
}

function strangerTo(key: KeyObject): KeyObject {
  const { namedCurve = '', modulusLength } = key.asymmetricKeyDetails ?? {}
  if (namedCurve !== '') return generateKeyPairSync('ec', { namedCurve }).privateKey
  return newKeyPair(modulusLength === undefined ? 'ed25519' : 'rsa2048').privateKey
}

const rsaOids: Record<Hash, string> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}
/** ECDSA with MD5 does not exist. */
const ecdsaOids: Record<Hash, string> = {
  md5: '1.2.840.10045.4',
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}
const sha256Identifier = der.sequence(der.oid('2.16.840.1.101.3.4.2.1'), der.null())
const pssSha256 = der.sequence(
  der.oid('1.2.840.113549.1.1.10'),
  der.sequence(
    der.explicit(0, sha256Identifier),
    der.explicit(1, der.sequence(der.oid('1.2.840.113549.1.1.8'), sha256Identifier)),
    der.explicit(2, der.smallInteger(32)),
  ),
)

const keyUsageBits = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
] as const
export type KeyUsage = (typeof keyUsageBits)[number]

/** A CA that issues. */
export class Authority {
  readonly certificate: IssuedCertificate
  /** This CA's certificate first, the root last. */
  readonly chainPem: string
  readonly #now: Date

  private constructor(certificate: IssuedCertificate, above: string, now: Date) {
    this.certificate = certificate
    this.chainPem = certificate.pem + above
    this.#now = now
  }

  static root(options: CertificateOptions = {}): Authority {
    const certificate = selfSigned({ commonName: 'Example Root CA', ca: true, ...options })
    return new Authority(certificate, '', options.now ?? fixedNow)
  }

  issueAuthority(options: CertificateOptions = {}): Authority {
    const defaults = { commonName: 'Example Issuing CA', ca: true, now: this.#now }
    const certificate = build({ ...defaults, ...options }, this.certificate)
    return new Authority(certificate, this.chainPem, options.now ?? this.#now)
  }

  /** An end entity's certificate. */
  issue(options: CertificateOptions = {}): IssuedCertificate {
    return build({ commonName: 'tpp.example.com', now: this.#now, ...options }, this.certificate)
  }
}

/** A certificate whose issuer is itself; of an end entity unless `ca` is set. */
export function selfSigned(options: CertificateOptions = {}): IssuedCertificate {
  return build({ commonName: 'self-signed.example.com', ...options }, undefined)
}

function build(options: CertificateOptions, issuer: IssuedCertificate | undefined): IssuedCertificate {
  const { keyPair = newKeyPair(options.keyKind), version = 3 } = options
  const subjectDer = Buffer.from(options.subject ?? nameOf(options))
  const serialNumber = options.serialNumber ?? randomSerialNumber()
  const issuerKeyPair = issuer?.keyPair ?? keyPair
  const signing = signer(issuerKeyPair.privateKey, options.signature)
  const tbs = der.sequence(
    ...(version === 1 ? [] : [der.explicit(0, der.smallInteger(version - 1))]),
    der.integer(serialNumber),
    signing.algorithm,
    options.issuer ?? issuer?.subjectDer ?? subjectDer,
    validityOf(options),
    subjectDer,
    keyPair.publicKey.export({ type: 'spki', format: 'der' }),
    ...(version === 3 ? [der.explicit(3, der.sequence(...extensionsOf(options, keyPair, issuer)))] : []),
  )
  const bytes = der.sequence(tbs, signing.algorithm, der.bitString(signing.sign(tbs)))
  return {
    der: bytes,
    pem: pemOf(bytes),
    keyPair,
    subjectDer,
    serialNumber,
    get privateKeyPem() {
      return keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    },
    get x509() {
      return new X509Certificate(bytes)
    },
  }
}

/** A Name of these attributes, each in an RDN of its own. */
export function nameDer(...attributes: [oid: string, value: Uint8Array][]): Buffer {
  return der.sequence(...attributes.map(([oid, value]) => der.set(der.sequence(der.oid(oid), value))))
}

function nameOf(options: CertificateOptions): Buffer {
  const text = options.stringType === 'printable' ? der.printable : der.utf8
  const { country = 'FI', organization = 'Example Oy', organizationIdentifier } = options
  return nameDer(
    ['2.5.4.6', der.printable(country)],
    ['2.5.4.10', text(organization)],
    ...(organizationIdentifier === undefined ? [] : [['2.5.4.97', text(organizationIdentifier)] as [string, Buffer]]),
    ...(options.commonNames ?? [options.commonName ?? '']).map((name): [string, Buffer] => ['2.5.4.3', text(name)]),
  )
}

function randomSerialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = (octets[0]! & 0x3f) | 0x40 // positive, and in its shortest form
  return octets.toString('hex')
}

const dayMs = 86_400_000

/** A leaf: a year that began a month ago. A CA: from five years ago, for twenty. */
function validityOf(options: CertificateOptions): Buffer {
  const now = (options.now ?? fixedNow).getTime()
  const [before, after] = options.ca === true ? [5 * 365, 15 * 365] : [30, 335]
  return der.sequence(
    der.time(options.notBefore ?? new Date(now - before * dayMs)),
    der.time(options.notAfter ?? new Date(now + after * dayMs)),
  )
}

function extensionsOf(options: CertificateOptions, keyPair: KeyPair, issuer: IssuedCertificate | undefined): Buffer[] {
  const written: Buffer[] = []
  const add = (oid: string, value: Uint8Array, critical = false) =>
    written.push(der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value)))

  if (options.ca !== undefined) add('2.5.29.19', basicConstraints(options.ca, options.pathLength), true)
  const keyUsage = options.keyUsage ?? (options.ca ? ['keyCertSign', 'cRLSign'] : ['digitalSignature'])
  if (keyUsage.length > 0) add('2.5.29.15', keyUsageValue(keyUsage), true)
  const purposes = 'extendedKeyUsage' in options || options.ca ? options.extendedKeyUsage : ['1.3.6.1.5.5.7.3.2']
  if (purposes !== undefined) add('2.5.29.37', der.sequence(...purposes.map(der.oid)))
  add('2.5.29.14', der.octetString(keyIdentifier(keyPair.publicKey)))
  if (issuer && options.withoutAuthorityKeyIdentifier !== true)
    add('2.5.29.35', der.sequence(der.implicit(0, keyIdentifier(issuer.keyPair.publicKey))))
  const { ocspUrls = [], caIssuersUrls = [], crlUrls = [], subjectAltNames = [] } = options
  if (ocspUrls.length + caIssuersUrls.length > 0) add('1.3.6.1.5.5.7.1.1', authorityInfoAccess(ocspUrls, caIssuersUrls))
  if (crlUrls.length > 0) add('2.5.29.31', der.sequence(...crlUrls.map(distributionPoint)))
  if (subjectAltNames.length > 0) add('2.5.29.17', der.sequence(...subjectAltNames.map((name) => generalName(2, name))))
  if (options.qcStatements) add('1.3.6.1.5.5.7.1.3', qcStatementsValue(options.qcStatements))
  if (options.ocspNoCheck) add('1.3.6.1.5.5.7.48.1.5', der.null())
  for (const { oid, value, critical } of options.extensions ?? []) add(oid, value, critical)
  return written
}

const generalName = (tag: number, text: string): Buffer => der.implicit(tag, Buffer.from(text, 'latin1'))
const uri = (text: string): Buffer => generalName(6, text)

function basicConstraints(ca: boolean, pathLength: number | undefined): Buffer {
  if (!ca) return der.sequence()
  return der.sequence(der.boolean(true), ...(pathLength === undefined ? [] : [der.smallInteger(pathLength)]))
}

/** A named bit list: trailing zero bits are dropped (X.690 11.2.2). */
function keyUsageValue(usages: readonly KeyUsage[]): Buffer {
  const positions = usages.map((usage) => keyUsageBits.indexOf(usage))
  const bits = positions.reduce((octet, position) => octet | (0x80 >> position), 0)
  return der.bitString(Buffer.from([bits]), 7 - Math.max(...positions))
}

function authorityInfoAccess(ocspUrls: readonly string[], caIssuersUrls: readonly string[]): Buffer {
  return der.sequence(
    ...ocspUrls.map((url) => der.sequence(der.oid('1.3.6.1.5.5.7.48.1'), uri(url))),
    ...caIssuersUrls.map((url) => der.sequence(der.oid('1.3.6.1.5.5.7.48.2'), uri(url))),
  )
}

const distributionPoint = (url: string): Buffer => der.sequence(der.explicit(0, der.explicit(0, uri(url))))

const qcTypeOids: Record<QcType, string> = {
  esign: '0.4.0.1862.1.6.1',
  eseal: '0.4.0.1862.1.6.2',
  web: '0.4.0.1862.1.6.3',
}
const roleOids: Record<Psd2Role, string> = {
  PSP_AS: '0.4.0.19495.1.1',
  PSP_PI: '0.4.0.19495.1.2',
  PSP_AI: '0.4.0.19495.1.3',
  PSP_IC: '0.4.0.19495.1.4',
}

function qcStatementsValue(options: QcStatementsOptions | Uint8Array): Uint8Array {
  if (options instanceof Uint8Array) return options
  const { compliance, types, psd2 } = options
  return der.sequence(
    ...(compliance ? [der.sequence(der.oid('0.4.0.1862.1.1'))] : []),
    ...(types
      ? [der.sequence(der.oid('0.4.0.1862.1.6'), der.sequence(...types.map((type) => der.oid(qcTypeOids[type]))))]
      : []),
    ...(psd2 ? [der.sequence(der.oid('0.4.0.19495.2'), psd2Info(psd2))] : []),
  )
}

function psd2Info({ roles, ncaName, ncaId }: NonNullable<QcStatementsOptions['psd2']>): Buffer {
  const named = roles.map((role) => (typeof role === 'string' ? { oid: roleOids[role], name: role } : role))
  return der.sequence(
    der.sequence(...named.map(({ oid, name }) => der.sequence(der.oid(oid), der.utf8(name)))),
    der.utf8(ncaName),
    der.utf8(ncaId),
  )
}
