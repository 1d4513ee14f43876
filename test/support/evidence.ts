import type { Certificate, QcStatements } from '../../src/domain/certificate.ts'
import type { DevApp, RegisteredCertificate } from '../../src/domain/devapp.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { Hostnames, type Policy } from '../../src/domain/policy.ts'
import type { AuthRequest } from '../../src/domain/request.ts'
import type { Attempts, Trials } from '../../src/ports.ts'

/*
 * Values of the domain for tests that need no bytes: a request that passes, and the parts of it, each of which a test can
 * replace.
 */

export const now = new Date('2026-06-15T12:00:00Z')

export const hostnames = new Hostnames({ mtls: ['api.example.com'], tls: ['api2.example.com'] })

export function certificate(changes: Partial<Certificate> = {}): Certificate {
  return {
    sha256: 'aa'.repeat(32),
    der: new Uint8Array(),
    serialNumber: '0a01',
    commonNames: ['acme'],
    subject: 'CN=acme',
    issuer: 'CN=Issuer',
    subjectDer: '3000',
    issuerDer: '3001',
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
    ocspUrls: ['http://ocsp.example.com/'],
    crlUrls: [],
    organizationIdentifier: undefined,
    qcStatements: undefined,
    ...changes,
  }
}

export function qwac(changes: Partial<QcStatements> = {}): QcStatements {
  return {
    qcCompliance: true,
    qcTypes: ['web'],
    psd2: { roles: ['PSP_AI'], unknownRoles: [], ncaName: 'Finanssivalvonta', ncaId: 'FI-FINFSA' },
    warnings: [],
    ...changes,
  }
}

export function registered(leaf: Certificate = certificate()): RegisteredCertificate {
  return { leaf, chain: [certificate({ sha256: 'bb'.repeat(32), commonNames: ['Issuer'], subject: 'CN=Issuer' })] }
}

export function devApp(changes: Partial<DevApp> = {}): DevApp {
  return {
    id: 'acme',
    name: 'Acme',
    environment: 'production',
    status: 'enabled',
    clientKey: 'acme-key',
    clientSecrets: [],
    products: new Set(['data']),
    certificates: [],
    labels: {},
    ...changes,
  }
}

export function policy(changes: Partial<Policy> = {}): Policy {
  return {
    name: 'data',
    channel: 'mtls',
    require: new Set(['certificate']),
    product: 'data',
    psd2: undefined,
    onUnavailable: 'deny',
    onNoSource: 'deny',
    answer: 'problem',
    keepAuthorization: false,
    shadow: false,
    rate: undefined,
    ...changes,
  }
}

export function request(changes: Partial<AuthRequest> = {}): AuthRequest {
  return {
    id: 'request-1',
    policy: 'data',
    sni: 'api.example.com',
    host: 'api.example.com',
    certificate: { status: 'presented', certificate: certificate() },
    basic: { status: 'absent' },
    clientKey: undefined,
    source: '192.0.2.1',
    sentChain: () => ({ status: 'read', certificates: [] }),
    wantsJson: false,
    ...changes,
  }
}

export const good = {
  status: 'good',
  source: 'ocsp',
  tier: 'memory',
  thisUpdate: new Date('2026-06-15T11:00:00Z'),
  usableUntil: new Date('2026-06-15T13:00:00Z'),
} as const

/** Evidence that `judge` allows. */
export function evidence(changes: Partial<Evidence> = {}): Evidence {
  const owner = devApp()
  return {
    now,
    request: request(),
    policy: policy(),
    hostnames,
    shadow: false,
    identity: {
      binding: { status: 'registered', certificate: registered(), owners: [owner] },
      selection: { status: 'selected', devApp: owner },
    },
    secretVerified: false,
    secretLock: undefined,
    revocation: good,
    qtspAccepted: true,
    withdrawnRoles: new Set(),
    ...changes,
  }
}

/** The same, of a leaf that is presented and registered. */
export function evidenceOf(leaf: Certificate, changes: Partial<Evidence> = {}): Evidence {
  const base = evidence()
  return evidence({
    request: request({ certificate: { status: 'presented', certificate: leaf } }),
    identity: {
      ...base.identity,
      binding: { status: 'registered', certificate: registered(leaf), owners: [devApp()] },
    },
    ...changes,
  })
}

/** Ports of a service without a hostname to try a certificate on. */
export const nothingToTry: Trials = {
  admit: () => ({ admitted: true }),
  chainOf: () => ({ status: 'untrusted', reason: 'nothing is registered' }),
  registrations: () => undefined,
}

/** Ports of a service that counts no wrong secrets. */
export const nobodyLocked: Attempts = { lockOf: () => undefined, succeeded: () => {}, failed: () => {} }
