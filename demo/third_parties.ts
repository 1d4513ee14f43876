import { generateKeyPairSync } from 'node:crypto'
import type { Psd2Role } from '../src/domain/certificate.ts'
import { hashGeneratedSecret } from '../src/registry/secrets.ts'
import { Authority, type CertificateOptions, type IssuedCertificate, selfSigned } from '../test/support/pki.ts'

/*
 * The third parties of the demo: a CA that issues for most of them, another trusted one, one that nobody registered, and
 * their certificates, good and bad.
 */

const dayMs = 86_400_000

export const withdrawnIdentifier = 'PSDFI-FINFSA-1069622-4'

export interface Registration {
  readonly id: string
  readonly certificates: readonly IssuedCertificate[]
  readonly products?: readonly string[]
  readonly status?: 'enabled' | 'disabled'
  readonly clientSecret?: string
  /** Default: the issuing CA's chain. */
  readonly chainPem?: string
  readonly publicKeys?: readonly { readonly id: string; readonly algorithm: string; readonly pem: string }[]
}

export type ThirdParties = ReturnType<typeof createThirdParties>

/** Everything new for each run; `ocsp` is what the certificates say of their CA's responder. */
export function createThirdParties(ocsp: { readonly issuing: string; readonly other: string }, now: Date) {
  const root = Authority.root({ commonName: 'Demo Root CA', now })
  const issuing = root.issueAuthority({ commonName: 'Demo Issuing CA', pathLength: 0 })
  const ocspSigner = issuing.issue({
    commonName: 'Demo OCSP Signer',
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.9'],
    ocspNoCheck: true,
  })
  const otherTrusted = Authority.root({ commonName: 'Other Root CA', now }).issueAuthority({
    commonName: 'Other Issuing CA',
  })
  const unregistered = Authority.root({ commonName: 'Unregistered Root CA', now })

  const issue = (options: CertificateOptions): IssuedCertificate =>
    issuing.issue({ ocspUrls: [ocsp.issuing], ...options })
  const qwac = (
    commonName: string,
    roles: Psd2Role[],
    organizationIdentifier = 'PSDFI-FINFSA-2858394-9',
  ): CertificateOptions => ({
    ...{ commonName, organizationIdentifier },
    qcStatements: {
      compliance: true,
      types: ['web'],
      psd2: { roles, ncaName: 'Finanssivalvonta', ncaId: 'FI-FINFSA' },
    },
  })

  const acme = issue({ commonName: 'acme.example', keyKind: 'rsa2048' })
  const fintech = issue(qwac('fintech.example', ['PSP_AI']))
  const certificates = {
    acme,
    bolt: issue({ commonName: 'bolt.example' }),
    fintech,
    payer: issue(qwac('payer.example', ['PSP_PI'])),
    otherQtsp: otherTrusted.issue({ ...qwac('bank.example', ['PSP_AI']), ocspUrls: [ocsp.other] }),
    /** Of an organization whose authorisation was withdrawn. */
    withdrawn: issue(qwac('former.example', ['PSP_AI'], withdrawnIdentifier)),
    shared: issue({ commonName: 'shared.example' }),
    disabled: issue({ commonName: 'disabled.example' }),
    revoked: issue({ commonName: 'revoked.example' }),
    onHold: issue({ commonName: 'hold.example' }),
    /** The responder has never heard of it. */
    unknown: issue({ commonName: 'unknown.example' }),
    withoutOcsp: issue({ commonName: 'silent.example', ocspUrls: [] }),
    expired: issue({ commonName: 'expired.example', notAfter: new Date(now.getTime() - dayMs) }),
    future: issue({ commonName: 'future.example', notBefore: new Date(now.getTime() + dayMs) }),
    forServers: issue({ commonName: 'server.example', extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }),
    huge: issue({
      commonName: 'huge.example',
      extensions: [{ oid: '1.3.6.1.4.1.99999.1', value: Buffer.alloc(30_000, 0xff) }],
    }),
    // Never registered:
    stranger: issue({ commonName: 'stranger.example' }),
    acmeOfOtherCa: otherTrusted.issue({ commonName: 'acme.example', serialNumber: acme.serialNumber }),
    fintechReissued: issue({
      ...qwac('fintech.example', ['PSP_AI', 'PSP_PI', 'PSP_AS']),
      serialNumber: fintech.serialNumber,
    }),
    ofUnregisteredCa: unregistered.issue({ commonName: 'acme.example' }),
    selfSigned: selfSigned({ commonName: 'acme.example', now }),
  }

  const merchantKey = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const secrets = { acme: 'acme-9XkZl0tQ2wE4rT6y', bolt: 'bolt:with:colons-7aB3' }
  const registrations: Registration[] = [
    {
      id: 'acme',
      certificates: [acme],
      products: ['data', 'accounts', 'partner', 'merchant', 'payments'],
      clientSecret: secrets.acme,
      publicKeys: [
        {
          ...{ id: 'acme-2026', algorithm: 'rsa-pss-sha512' },
          pem: merchantKey.publicKey.export({ format: 'pem', type: 'spki' }).toString(),
        },
      ],
    },
    { id: 'bolt', certificates: [certificates.bolt], clientSecret: secrets.bolt },
    { id: 'fintech', certificates: [fintech], products: ['accounts'] },
    { id: 'payer', certificates: [certificates.payer], products: ['accounts'] },
    { id: 'former', certificates: [certificates.withdrawn], products: ['accounts'] },
    { id: 'bank', certificates: [certificates.otherQtsp], products: ['accounts'], chainPem: otherTrusted.chainPem },
    { id: 'shared-one', certificates: [certificates.shared], products: ['data'] },
    { id: 'shared-two', certificates: [certificates.shared], products: ['data'] },
    { id: 'disabled', certificates: [certificates.disabled], products: ['data'], status: 'disabled' },
    {
      id: 'troubled',
      products: ['data', 'accounts'],
      certificates: [
        certificates.revoked,
        certificates.onHold,
        certificates.unknown,
        certificates.withoutOcsp,
        certificates.expired,
        certificates.future,
        certificates.forServers,
      ],
    },
  ]
  return {
    root,
    issuing,
    ocspSigner,
    otherTrusted,
    certificates,
    secrets,
    merchantKey: merchantKey.privateKey,
    registrations,
    issue,
  }
}

/** The registry file of these DevApps, as an operator would write it. */
export function registryYaml(registrations: readonly Registration[], issuingChainPem: string): string {
  const indented = (pem: string) => pem.trim().replaceAll(/^/gm, ' '.repeat(10))
  const entries = registrations.map(({ id, status, products, clientSecret, certificates, chainPem, publicKeys = [] }) =>
    [
      `  - id: ${id}`,
      `    name: ${id}`,
      `    client_key: ${id}-key`,
      ...(status ? [`    status: ${status}`] : []),
      ...(clientSecret ? [`    client_secrets: [{ hash: ${hashGeneratedSecret(clientSecret)} }]`] : []),
      `    products: [${(products ?? []).join(', ')}]`,
      ...(certificates.length > 0 ? ['    certificates:'] : []),
      ...certificates.map(({ pem }) => `      - chain: |\n${indented(pem + (chainPem ?? issuingChainPem))}`),
      ...(publicKeys.length > 0 ? ['    public_keys:'] : []),
      ...publicKeys.map(
        (key) => `      - id: ${key.id}\n        algorithm: ${key.algorithm}\n        key: |\n${indented(key.pem)}`,
      ),
    ].join('\n'),
  )
  return `devapps:\n${entries.join('\n')}\n`
}
