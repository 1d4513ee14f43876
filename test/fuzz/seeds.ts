/** Keys and certificates that the seeds are made of. */
import { issueDelegate } from '../support/ocsp.ts'
import { Authority, der, nameDer, newKeyPair } from '../support/pki.ts'
import {
  generalName,
  inhibitAnyPolicy,
  nameConstraints,
  policies,
  policyConstraints,
  policyMappings,
  subjectAltName,
} from '../unit/pki/path_fixture.ts'

const { dns, directory, email, ip, uri, otherName, registeredId } = generalName

export const root = Authority.root()
export const issuing = root.issueAuthority({
  extensions: [
    nameConstraints({
      permitted: [dns('example.com'), email('example.com'), directory(nameDer(['2.5.4.6', der.printable('FI')]))],
      excluded: [dns('evil.example.com'), ip(10, 0, 0, 0, 255, 0, 0, 0)],
    }),
    policies('1.2.3.1', '2.5.29.32.0'),
    policyMappings(['1.2.3.1', '1.2.3.2']),
    policyConstraints({ requireExplicitPolicy: 5, inhibitPolicyMapping: 3 }),
    inhibitAnyPolicy(4),
  ],
})
export const plainIssuing = root.issueAuthority({ commonName: 'Example Plain CA' })

export const crlUrl = 'http://crl.example.com/issuing.crl'
export const leafKeys = newKeyPair()

/** A QWAC with all that is read anywhere. */
export const qwac = issuing.issue({
  ...{ keyPair: leafKeys, serialNumber: '008001', organizationIdentifier: 'PSDFI-FINFSA-2858394-9' },
  ...{ ocspUrls: ['http://ocsp.example.com/'], caIssuersUrls: ['http://ca.example.com/ca.der'], crlUrls: [crlUrl] },
  qcStatements: {
    ...{ compliance: true, types: ['web'] },
    psd2: { roles: ['PSP_AI', 'PSP_PI'], ncaName: 'Finanssivalvonta', ncaId: 'FI-FINFSA' },
  },
  extensions: [
    subjectAltName(dns('tpp.example.com'), email('a@example.com'), uri('http://tpp.example.com/'), registeredId()),
    policies('1.2.3.2'),
  ],
})
export const plain = plainIssuing.issue({
  ...{ keyPair: leafKeys, ocspUrls: ['http://ocsp.example.com/'], crlUrls: [crlUrl] },
})
export const others = [
  plainIssuing.issue({ version: 1, keyPair: leafKeys }),
  plainIssuing.issue({ keyKind: 'ed25519', commonNames: ['one', 'two'], stringType: 'printable' }),
  plainIssuing.issue({
    keyKind: 'rsa2048',
    commonNames: [],
    extensions: [subjectAltName(otherName(), ip(192, 0, 2, 1))],
  }),
  plainIssuing.issue({ keyKind: 'p521', notAfter: new Date('2061-01-01T00:00:00Z'), extendedKeyUsage: undefined }),
]
export const delegate = issueDelegate(plainIssuing)
