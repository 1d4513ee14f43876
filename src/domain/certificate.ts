/** What is known of an X.509 certificate (RFC 5280). Values only: `pki/certificate.ts` reads them from DER. */
export interface Certificate {
  /** SHA-256 of the DER, lower-case hex: the certificate's identity. */
  readonly sha256: string
  readonly der: Uint8Array
  /** Contents octets of the DER INTEGER, lower-case hex: `8001` and `008001` are different serial numbers. */
  readonly serialNumber: string
  /** Every commonName of the subject, in order; neither case nor spaces are folded. */
  readonly commonNames: readonly string[]
  /** RFC 4514 text, for people. Names are compared by their DER. */
  readonly subject: string
  readonly issuer: string
  /** Raw DER of the Names, lower-case hex. */
  readonly subjectDer: string
  readonly issuerDer: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** OIDs; `undefined` when the extension is absent, which permits every purpose (RFC 5280 4.2.1.12). */
  readonly extendedKeyUsage: readonly string[] | undefined
  /** Only `id-ad-ocsp` locations of the authority information access (RFC 5280 4.2.2.1). */
  readonly ocspUrls: readonly string[]
  readonly crlUrls: readonly string[]
  /** Subject attribute 2.5.4.97, as in the certificate: `PSDFI-FINFSA-2858394-9`. */
  readonly organizationIdentifier: string | undefined
  /** The qcStatements extension; `undefined` when it is absent. */
  readonly qcStatements: QcStatements | undefined
}

export type QcType = 'esign' | 'eseal' | 'web'

/** ETSI TS 119 495 5.1, in the order of the OIDs 0.4.0.19495.1.1 to .4. */
export const psd2Roles = ['PSP_AS', 'PSP_PI', 'PSP_AI', 'PSP_IC'] as const
export type Psd2Role = (typeof psd2Roles)[number]

/** ETSI EN 319 412-5 and TS 119 495. */
export interface QcStatements {
  readonly qcCompliance: boolean
  readonly qcTypes: readonly QcType[]
  readonly psd2: Psd2Statement | undefined
  /** What was read tolerantly, in words for an operator. */
  readonly warnings: readonly string[]
}

export interface Psd2Statement {
  /** Decided by OID. */
  readonly roles: readonly Psd2Role[]
  /** OIDs of roles that later editions added: shown, and granting nothing. */
  readonly unknownRoles: readonly string[]
  readonly ncaName: string
  readonly ncaId: string
}

/** Extended key usages, RFC 5280 4.2.1.12 and RFC 6960 4.2.2.2. */
export const keyPurpose = {
  any: '2.5.29.37.0',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ocspSigning: '1.3.6.1.5.5.7.3.9',
} as const

/** The PSD2 roles that a certificate claims and that were not withdrawn. */
export function rolesInForce(certificate: Certificate, withdrawn: ReadonlySet<Psd2Role>): readonly Psd2Role[] {
  return certificate.qcStatements?.psd2?.roles.filter((role) => !withdrawn.has(role)) ?? []
}

const purposeNames: Readonly<Record<string, string>> = {
  [keyPurpose.any]: 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  [keyPurpose.clientAuth]: 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  [keyPurpose.ocspSigning]: 'OCSPSigning',
}

/** What people call an extended key usage; the OID itself where it has no name here. */
export const purposeName = (oid: string): string => purposeNames[oid] ?? oid

/** A qualified website authentication certificate: compliant, and of type web (ETSI EN 319 412-5 4.2.1, 4.2.3). */
export function isQwac(certificate: Certificate): boolean {
  const statements = certificate.qcStatements
  return statements?.qcCompliance === true && statements.qcTypes.includes('web')
}
