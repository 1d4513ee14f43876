import { X509Certificate } from 'node:crypto'
import { type CheckRequestFields, decodeCheckRequest } from '../../../src/envoy/check_request_fields.ts'
import { checkService } from '../../../src/envoy/check_service.ts'
import type { CheckRequest__Output } from '../../../src/envoy/generated/envoy/service/auth/v3/CheckRequest.ts'
import { PresentedCertificates } from '../../../src/envoy/presented_certificates.ts'
import { authorizationService } from '../../../src/envoy/protos.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { RegistrySnapshot } from '../../../src/registry/registry.ts'
import { checkRequest, responseIn } from '../../support/check_request.ts'
import { devApp, good, hostnames, nobodyLocked, nothingSigned, nothingToTry, policy } from '../../support/evidence.ts'
import { fixedNow } from '../../support/pki.ts'
import { chosen } from '../mutators/edit.ts'
import { changedProtobuf } from '../mutators/protobuf.ts'
import { hasDeclaredWireTypes, messageType } from '../mutators/wire_types.ts'
import { others, plain, plainIssuing, qwac, root } from '../seeds.ts'
import { broken, type Target } from '../target.ts'

const { Check: definition } = authorizationService
const basicOf = (key: string, secret: string): string => `Basic ${Buffer.from(`${key}:${secret}`).toString('base64')}`
const secret = 'a secret that a machine made'
const authorization = basicOf('beta-key', secret)
const encodedPem = (pem: string): string => encodeURIComponent(pem)
const on2Way = { sni: 'api.example.com', host: 'api.example.com' }
const on1Way = { sni: 'api2.example.com', host: 'API2.example.com:443' }
const seeds = [
  {
    ...on2Way,
    policy: 'data',
    certificate: encodedPem(plain.pem),
    headers: { 'x-request-id': 'r-1', accept: 'application/json' },
  },
  { ...on2Way, policy: 'data', certificate: encodedPem(others[0]?.pem ?? '') },
  {
    ...on2Way,
    policy: 'partner',
    certificate: encodedPem(plain.pem),
    headers: { authorization: basicOf('acme-key', secret), 'x-client-key': 'acme-key' },
  },
  { ...on1Way, policy: 'merchant', headers: { authorization } },
  { ...on1Way, policy: 'merchant', headers: { authorization: basicOf('beta-key', 'another secret') } },
  { ...on1Way, policy: 'callback' },
  {
    ...on2Way,
    policy: 'try',
    sni: 'try.example.com',
    host: 'try.example.com',
    certificate: encodedPem(qwac.pem),
    headers: { 'x-forwarded-client-cert': `Chain="${encodedPem(qwac.pem + plainIssuing.chainPem)}"` },
  },
].map((sent) => {
  const { attributes } = checkRequest(sent)
  return definition.requestSerialize({ attributes } as CheckRequest__Output)
})
const words = [
  ...[
    '',
    'data',
    'partner',
    'merchant',
    'callback',
    'try',
    'policy',
    'authorization',
    'x-client-key',
    'acme-key',
    'beta-key',
    '__proto__',
  ],
  ...[
    'api.example.com',
    'api2.example.com',
    'API.EXAMPLE.COM.',
    'api.example.com:8443',
    'api.example.com,api2.example.com',
    '[::1]:443',
    '.',
  ],
  ...[
    authorization,
    `${authorization},${authorization}`,
    'Basic',
    'Basic =',
    'bearer x',
    encodedPem(plain.pem),
    encodedPem(qwac.pem),
    plain.pem,
  ],
  ...[
    '%',
    '%00',
    '%zz',
    '\0',
    '-----BEGIN%20CERTIFICATE-----',
    'Chain="',
    'Chain=""',
    'constructor',
    'x-request-id',
    'x'.repeat(70_000),
    ':'.repeat(5_000),
  ],
].map((word) => Buffer.from(word))
words.push(Buffer.of(0xff, 0xfe), Buffer.of(0xc3), Buffer.of(0))

const acme = devApp({
  certificates: [
    {
      leaf: certificateFromDer(plain.der),
      chain: [certificateFromDer(plainIssuing.certificate.der), certificateFromDer(root.certificate.der)],
    },
  ],
})
const beta = devApp({ id: 'beta', clientKey: 'beta-key', products: new Set() })
const devApps = new RegistrySnapshot([acme, beta])
const settings = {
  ...{ hostnames, shadowUntil: undefined, deadlineMs: 1_000, typeBase: 'urn:' },
  policies: new Map(
    [
      policy(),
      policy({ name: 'partner', product: undefined, require: new Set(['certificate', 'basic']) }),
      policy({ name: 'merchant', product: undefined, channel: 'tls', require: new Set(['basic']) }),
      policy({ name: 'callback', product: undefined, channel: 'tls', require: new Set() }),
      policy({ name: 'try', product: undefined, channel: 'try', rate: { requests: 1e9, total: 1e9, perMs: 1 } }),
    ].map((each) => [each.name, each] as const),
  ),
}
const check = checkService({
  settings: () => settings,
  ports: {
    registry: { snapshot: () => devApps },
    secrets: { verify: (owner, given) => owner !== undefined && given === secret },
    revocation: { statusOf: () => good },
    qtsps: { accepts: () => true },
    withdrawals: { rolesOf: () => new Set() },
    trials: nothingToTry,
    attempts: nobodyLocked,
    signatures: nothingSigned,
    clock: () => fixedNow,
  },
  certificates: new PresentedCertificates((der) => devApps.registeredLeaf(der)),
  onDecision: ({ code, detail }) => {
    if (code === 'internal_error') broken(`internal_error: ${detail}`)
  },
})

const type = messageType('envoy/service/auth/v3/external_auth.proto', 'envoy.service.auth.v3.CheckRequest')

/** CheckRequest on the wire, from its octets to those of the answer. */
export const checkRequests: Target = {
  name: 'check_request',
  seeds,
  mutant: ({ seed, edits }) => changedProtobuf(chosen(seeds, seed), edits, words),
  examine: (input) => {
    const request = decoded(decodeCheckRequest, input)
    const whole = decoded((octets) => definition.requestDeserialize(octets), input)
    // The service answers with an error, which Envoy takes for a refusal.
    if (request === undefined) return 'not decodable'
    if (whole !== undefined && partsOf(whole) !== partsOf(request) && hasDeclaredWireTypes(type, input))
      broken('read in part it says something else than whole')
    let answer: Buffer | undefined
    check({ request }, (error, response) => {
      if (error !== null || answer !== undefined) broken('an error, or a second answer')
      answer = response ?? undefined
    })
    const { ok_response: ok, denied_response: denied } = responseIn(answer)
    if (ok == null) return `denied ${denied?.status?.code}`
    if (!mayPass(request)) broken('it passes without the right credentials')
    return 'good'
  },
}

function decoded<Message>(decode: (octets: Buffer) => Message, input: Uint8Array): Message | undefined {
  try {
    return decode(Buffer.from(input))
  } catch {
    return undefined
  }
}

/** What is read of a request, as text. */
function partsOf({ attributes }: CheckRequestFields): string {
  const http = attributes?.request?.http
  return JSON.stringify([
    ...[attributes?.source?.certificate, attributes?.source?.address?.socket_address?.address, http?.host],
    ...[
      attributes?.tls_session?.sni,
      Object.entries(http?.headers ?? {}),
      Object.entries(attributes?.context_extensions ?? {}),
    ],
  ])
}

/** The same question answered anew, from what stands in the request alone. */
function mayPass({ attributes }: CheckRequestFields): boolean {
  const http = attributes?.request?.http
  const name = attributes?.context_extensions['policy']
  const hostname = (http?.host ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '')
  const sni = attributes?.tls_session?.sni.toLowerCase()
  const channel = {
    data: 'api.example.com',
    partner: 'api.example.com',
    merchant: 'api2.example.com',
    callback: 'api2.example.com',
  }[name ?? '']
  if (channel === undefined || hostname !== channel || sni !== channel) return false
  const certificate = attributes?.source?.certificate ?? ''
  if (channel === 'api2.example.com' && certificate !== '') return false
  if (channel === 'api.example.com' && !isTheOneRegistered(certificate)) return false
  const key = http?.headers['x-client-key']
  if (name === 'data') return key === undefined || key === 'acme-key'
  if (name === 'callback') return true
  const owner = name === 'partner' ? 'acme-key' : 'beta-key'
  if (key !== undefined && key !== owner) return false
  const [, token = ''] = /^basic ([^ ,]+)$/i.exec(http?.headers['authorization'] ?? '') ?? []
  return Buffer.from(token, 'base64').toString() === `${owner}:${secret}`
}

function isTheOneRegistered(encoded: string): boolean {
  try {
    const base64 = decodeURIComponent(encoded).replace(/-----[^-]*-----|\s/g, '')
    return Buffer.compare(new X509Certificate(Buffer.from(base64, 'base64')).raw, plain.der) === 0
  } catch {
    return false
  }
}
