import { Authority, type IssuedCertificate } from '../test/support/pki.ts'

export interface ServerCertificates {
  /** What clients have to trust. */
  readonly authorityPem: string
  readonly mtls: IssuedCertificate
  readonly tls: IssuedCertificate
  readonly try: IssuedCertificate
}

/** The gateway's own certificates, one for each hostname of envoy/envoy.yaml. */
export function createServerCertificates(now: Date): ServerCertificates {
  const authority = Authority.root({ commonName: 'Demo Server CA', now })
  const issue = (name: string) =>
    authority.issue({ commonName: name, subjectAltNames: [name], extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] })
  return {
    authorityPem: authority.certificate.pem,
    mtls: issue('api.example.com'),
    tls: issue('api2.example.com'),
    try: issue('try.example.com'),
  }
}
