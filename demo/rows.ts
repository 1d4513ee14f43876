import type { IssuedCertificate } from '../test/support/pki.ts'
import { type Answer, type Call, codeOf, openConnection } from './client.ts'
import type { Gateway } from './gateway.ts'

export interface Row {
  readonly asks: string
  /** Status and code, as the table prints them. */
  readonly expects: string
  readonly before?: (gateway: Gateway) => Promise<unknown>
  /** Puts back what `before` took away, so that rows do not depend on their order. */
  readonly after?: (gateway: Gateway) => Promise<unknown>
  readonly call: (gateway: Gateway) => Promise<Answer>
  /** What else has to hold of the answer: a sentence when it does not. */
  readonly also?: (answer: Answer, gateway: Gateway) => string | undefined
  /** How many requests reach the upstream; one for an allowed row and none for another, unless it is said. */
  readonly reaches?: number
}

export interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

const mtls = 'api.example.com'
const tls = 'api2.example.com'
const tried = 'try.example.com'
const refusedInHandshake = 'refused in the handshake'

const basic = (clientKey: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${clientKey}:${secret}`).toString('base64')}`,
})

type Named = keyof Gateway['parties']['certificates']

/** A call on the 2-way hostname with one of the demo's certificates. */
const withCertificate =
  (name: Named, path: string, more: Partial<Call> = {}) =>
  (gateway: Gateway): Promise<Answer> =>
    gateway.call({ sni: mtls, path, certificate: gateway.parties.certificates[name], ...more })

const onTls =
  (path: string, headers: Record<string, string | string[]> = {}, more: Partial<Call> = {}) =>
  (gateway: Gateway): Promise<Answer> =>
    gateway.call({ sni: tls, path, headers, ...more })

/** Past Envoy's own verification, which is switched off there: what the service does alone. */
const unverified =
  (certificate: (gateway: Gateway) => IssuedCertificate | undefined, path = '/v1/data') =>
  (gateway: Gateway): Promise<Answer> => {
    const presented = certificate(gateway)
    return gateway.callUnverified({ sni: mtls, path, ...(presented && { certificate: presented }) })
  }

/** On the hostname to try a certificate on, which answers by itself, with 200. */
const trying =
  (name?: Named, more: Partial<Call> = {}) =>
  (gateway: Gateway): Promise<Answer> => {
    const headers = { accept: 'application/json' }
    const certificate = name === undefined ? {} : { certificate: gateway.parties.certificates[name] }
    return gateway.call({ sni: tried, path: '/', headers, ...certificate, ...more })
  }

const named = (name: Named) => (gateway: Gateway) => gateway.parties.certificates[name]

function receivedHeaders(answer: Answer): Record<string, string> {
  if (answer.kind !== 'http') return {}
  return (JSON.parse(answer.body) as { headers: Record<string, string> }).headers
}

/** The upstream saw exactly these identity headers. */
const identifiedAs =
  (expected: (gateway: Gateway) => Record<string, string>) =>
  (answer: Answer, gateway: Gateway): string | undefined => {
    const identity = Object.entries(receivedHeaders(answer)).filter(([name]) =>
      /^x-(devapp|client-cert|tpp)-/.test(name),
    )
    const seen = JSON.stringify(Object.fromEntries(identity.sort()))
    const wanted = JSON.stringify(Object.fromEntries(Object.entries(expected(gateway)).sort()))
    return seen === wanted ? undefined : `the upstream saw ${seen}, not ${wanted}`
  }

const certificateIdentity = (gateway: Gateway, id: string, name: Named): Record<string, string> => {
  const { serialNumber, x509 } = gateway.parties.certificates[name]
  return {
    'x-devapp-id': id,
    'x-client-cert-serial': serialNumber,
    'x-client-cert-cn': `${id}.example`,
    'x-client-cert-sha256': x509.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

const names =
  (hostname: string) =>
  (answer: Answer): string | undefined =>
    answer.kind === 'http' && answer.body.includes(hostname) ? undefined : `the body does not name ${hostname}`

const challenges = (answer: Answer): string | undefined =>
  answer.kind === 'http' && /^Basic /.test(String(answer.headers['www-authenticate']))
    ? undefined
    : 'there is no WWW-Authenticate'

/** Ten wrong secrets, as many as `basic.lockout.attempts`. */
const guessing =
  (from: string, clientKey = 'acme-key') =>
  async (gateway: Gateway): Promise<void> => {
    for (let i = 0; i < 10; i++) await onTls('/v1/merchant', basic(clientKey, `guess ${i}`), { from })(gateway)
  }

const retriesWithin =
  (seconds: number) =>
  (answer: Answer): string | undefined => {
    const after = answer.kind === 'http' ? Number(answer.headers['retry-after']) : 0
    return after >= 1 && after <= seconds ? undefined : `Retry-After is not within ${seconds} s: ${after}`
  }

const withoutRequestId = (answer: Answer): string | undefined =>
  answer.kind === 'http' ? answer.body.replace(/"request_id":"[^"]*"/, '') : undefined

const forgedIdentity = {
  'x-devapp-id': 'acme',
  'X-Client-Cert-CN': 'acme.example',
  'x-client-cert-serial': '01',
  'x-client-cert-sha256': 'aa',
  'x-tpp-id': 'PSDFI-FINFSA-1',
  'x-tpp-roles': 'PSP_PI',
  'x-tpp-nca': 'FI-FINFSA',
  'x-devapp-authz-shadow': 'allow',
  'x-forwarded-client-cert': 'Hash=aa;Subject="CN=acme.example"',
}

export const sections: readonly Section[] = [
  {
    title: 'A client certificate on the 2-way hostname',
    rows: [
      {
        asks: 'registered, RSA; the upstream sees the DevApp',
        expects: '200 allowed',
        call: withCertificate('acme', '/v1/data?page=2'),
        also: identifiedAs((gateway) => certificateIdentity(gateway, 'acme', 'acme')),
      },
      {
        asks: 'never registered, same CA',
        expects: '401 cert_not_registered',
        call: withCertificate('stranger', '/v1/data'),
      },
      {
        asks: 'same serial and CN, from another trusted CA',
        expects: '401 cert_issuer_mismatch',
        call: (gateway) =>
          withCertificate('acmeOfOtherCa', '/v1/data', { chainPem: gateway.parties.otherTrusted.chainPem })(gateway),
      },
      {
        asks: 'same serial, CN and issuer, another key and more PSD2 roles',
        expects: '401 cert_differs',
        call: withCertificate('fintechReissued', '/v1/accounts'),
      },
      { asks: 'revoked', expects: '401 cert_revoked', call: withCertificate('revoked', '/v1/data') },
      { asks: 'on hold', expects: '401 cert_on_hold', call: withCertificate('onHold', '/v1/data') },
      {
        asks: 'unknown to its issuer',
        expects: '401 cert_status_unknown',
        call: withCertificate('unknown', '/v1/data'),
      },
      {
        asks: 'names no responder',
        expects: '401 revocation_no_source',
        call: withCertificate('withoutOcsp', '/v1/data'),
      },
      { asks: 'of a disabled DevApp', expects: '403 devapp_disabled', call: withCertificate('disabled', '/v1/data') },
      {
        asks: 'API product not selected',
        expects: '403 product_not_selected',
        call: withCertificate('bolt', '/v1/data'),
      },
      { asks: 'expired', expects: refusedInHandshake, call: withCertificate('expired', '/v1/data') },
      { asks: 'self-signed', expects: refusedInHandshake, call: withCertificate('selfSigned', '/v1/data') },
      { asks: 'of an unknown CA', expects: refusedInHandshake, call: withCertificate('ofUnregisteredCa', '/v1/data') },
      {
        asks: 'none at all',
        expects: refusedInHandshake,
        call: (gateway) => gateway.call({ sni: mtls, path: '/v1/data' }),
      },
    ],
  },
  {
    title: 'The two kinds of hostname exclude each other',
    rows: [
      {
        asks: 'a 2-way API on the 1-way host',
        expects: '421 wrong_hostname',
        call: onTls('/v1/data'),
        also: names(mtls),
      },
      {
        asks: 'a 1-way API on the 2-way host',
        expects: '421 wrong_hostname',
        call: withCertificate('acme', '/v1/callback'),
        also: names(tls),
      },
      {
        asks: 'SNI of the 1-way host, Host of the 2-way one',
        expects: '421 wrong_hostname',
        call: onTls('/v1/data', {}, { host: mtls }),
        also: names(mtls),
      },
      {
        asks: 'SNI of the 2-way host, Host of the 1-way one',
        expects: '421 wrong_hostname',
        call: withCertificate('acme', '/v1/callback', { host: tls }),
        also: names(tls),
      },
      {
        asks: 'an unknown SNI',
        expects: refusedInHandshake,
        call: (gateway) => gateway.call({ sni: 'elsewhere.example', host: tls, path: '/v1/callback' }),
      },
    ],
  },
  {
    title: 'HTTP Basic on the 1-way hostname',
    rows: [
      {
        asks: 'the right secret',
        expects: '200 allowed',
        call: (gateway) => onTls('/v1/merchant', basic('acme-key', gateway.parties.secrets.acme))(gateway),
        also: (answer, gateway) =>
          'authorization' in receivedHeaders(answer)
            ? 'the upstream saw the credentials'
            : identifiedAs(() => ({ 'x-devapp-id': 'acme' }))(answer, gateway),
      },
      {
        asks: 'a wrong secret',
        expects: '401 basic_invalid',
        call: onTls('/v1/merchant', basic('acme-key', 'wrong')),
        also: challenges,
      },
      {
        asks: 'an unknown key; the same body',
        expects: '401 basic_invalid',
        call: async (gateway) => {
          const wrongSecret = await onTls('/v1/merchant', basic('acme-key', 'wrong'))(gateway)
          const unknownKey = await onTls('/v1/merchant', basic('nobody', 'wrong'))(gateway)
          gateway.expectations.sameBody = withoutRequestId(wrongSecret) === withoutRequestId(unknownKey)
          return unknownKey
        },
        also: (answer, gateway) => (gateway.expectations.sameBody ? challenges(answer) : 'the two bodies differ'),
      },
      {
        asks: 'malformed',
        expects: '401 basic_malformed',
        call: onTls('/v1/merchant', { authorization: 'Basic acme' }),
        also: challenges,
      },
      { asks: 'none', expects: '401 basic_missing', call: onTls('/v1/merchant'), also: challenges },
      {
        asks: 'the right secret, after ten wrong ones from this address',
        expects: '429 too_many_attempts',
        before: guessing('127.0.0.9'),
        call: (gateway) =>
          onTls('/v1/merchant', basic('acme-key', gateway.parties.secrets.acme), { from: '127.0.0.9' })(gateway),
        also: retriesWithin(60),
      },
      {
        asks: 'the right secret from another address meanwhile',
        expects: '200 allowed',
        before: guessing('127.0.0.9'),
        call: (gateway) => onTls('/v1/merchant', basic('acme-key', gateway.parties.secrets.acme))(gateway),
      },
      {
        asks: 'an unknown key, after ten from this address',
        expects: '429 too_many_attempts',
        before: guessing('127.0.0.10', 'nobody'),
        call: onTls('/v1/merchant', basic('nobody', 'wrong'), { from: '127.0.0.10' }),
        also: retriesWithin(60),
      },
    ],
  },
  {
    title: 'A certificate and Basic together',
    rows: [
      {
        asks: 'both of one DevApp',
        expects: '200 allowed',
        call: (gateway) =>
          withCertificate('acme', '/v1/partner', { headers: basic('acme-key', gateway.parties.secrets.acme) })(gateway),
      },
      {
        asks: 'of two DevApps; the secret holds colons',
        expects: '401 devapp_mismatch',
        call: (gateway) =>
          withCertificate('acme', '/v1/partner', { headers: basic('bolt-key', gateway.parties.secrets.bolt) })(gateway),
      },
    ],
  },
  {
    title: 'PSD2',
    rows: [
      {
        asks: 'a QWAC with the role; the upstream sees the third party',
        expects: '200 allowed',
        call: withCertificate('fintech', '/v1/accounts'),
        also: identifiedAs((gateway) => ({
          ...certificateIdentity(gateway, 'fintech', 'fintech'),
          'x-tpp-id': 'PSDFI-FINFSA-2858394-9',
          'x-tpp-roles': 'PSP_AI',
          'x-tpp-nca': 'FI-FINFSA',
        })),
      },
      {
        asks: 'a QWAC without the role',
        expects: '401 psd2_role_missing',
        call: withCertificate('payer', '/v1/accounts'),
      },
      {
        asks: 'a QWAC from a provider that is not accepted',
        expects: '401 qtsp_not_trusted',
        call: (gateway) =>
          withCertificate('otherQtsp', '/v1/accounts', { chainPem: gateway.parties.otherTrusted.chainPem })(gateway),
      },
      {
        asks: 'a QWAC of a third party whose authorisation was withdrawn',
        expects: '401 psd2_authorisation_withdrawn',
        call: withCertificate('withdrawn', '/v1/accounts'),
      },
      { asks: 'an ordinary certificate', expects: '401 qwac_required', call: withCertificate('acme', '/v1/accounts') },
    ],
  },
  {
    title: 'Open to the public',
    rows: [
      { asks: 'a callback without credentials', expects: '200 allowed', call: onTls('/v1/callback') },
      {
        asks: 'a callback with forged identity headers',
        expects: '200 allowed',
        call: onTls('/v1/callback', forgedIdentity),
        also: (answer, gateway) =>
          'x-forwarded-client-cert' in receivedHeaders(answer)
            ? 'the upstream saw x-forwarded-client-cert'
            : identifiedAs(() => ({}))(answer, gateway),
      },
    ],
  },
  {
    title: 'One certificate for two DevApps',
    rows: [
      { asks: 'without saying which', expects: '400 devapp_ambiguous', call: withCertificate('shared', '/v1/data') },
      {
        asks: 'saying which',
        expects: '200 allowed',
        call: withCertificate('shared', '/v1/data', { headers: { 'x-client-key': 'shared-two-key' } }),
        also: (answer) =>
          receivedHeaders(answer)['x-devapp-id'] === 'shared-two' ? undefined : 'the upstream saw another DevApp',
      },
    ],
  },
  {
    title: "Envoy's own verification switched off: the service alone",
    rows: [
      { asks: 'none at all', expects: '401 cert_missing', call: unverified(() => undefined) },
      { asks: 'expired', expects: '401 cert_expired', call: unverified(named('expired')) },
      { asks: 'not yet valid', expects: '401 cert_not_yet_valid', call: unverified(named('future')) },
      { asks: 'for servers', expects: '401 cert_purpose', call: unverified(named('forServers')) },
      { asks: 'of an unknown CA', expects: '401 cert_not_registered', call: unverified(named('ofUnregisteredCa')) },
      { asks: 'self-signed', expects: '401 cert_not_registered', call: unverified(named('selfSigned')) },
      { asks: 'too large to be one', expects: '401 cert_malformed', call: unverified(named('huge')) },
    ],
  },
  {
    title: 'A certificate tried, where the handshake refuses nobody and no API is reached',
    rows: [
      { asks: 'a registered one', expects: '200 allowed', reaches: 0, call: trying('acme') },
      { asks: 'none at all', expects: '200 cert_missing', reaches: 0, call: trying() },
      { asks: 'expired', expects: '200 cert_expired', reaches: 0, call: trying('expired') },
      { asks: 'for servers', expects: '200 cert_purpose', reaches: 0, call: trying('forServers') },
      { asks: 'self-signed', expects: '200 cert_chain_untrusted', reaches: 0, call: trying('selfSigned') },
      {
        asks: 'of a registered CA, unregistered',
        expects: '200 cert_not_registered',
        reaches: 0,
        call: trying('stranger'),
      },
      { asks: 'revoked', expects: '200 cert_revoked', reaches: 0, call: trying('revoked') },
      {
        asks: 'an API, over a connection to this hostname',
        expects: '421 wrong_hostname',
        call: trying('acme', { host: mtls, path: '/v1/data' }),
      },
    ],
  },
  {
    title: 'Time, and what is remembered',
    rows: [
      {
        asks: 'expires while its connection stays open',
        expects: '401 cert_expired',
        reaches: 1,
        call: async (gateway) => {
          const agent = openConnection()
          try {
            const certificate = await gateway.registerShortLived()
            const early = await gateway.call({ sni: mtls, path: '/v1/data', certificate, agent })
            gateway.expectations.allowedBefore = codeOf(early) === 'allowed'
            await gateway.until(new Date(certificate.x509.validTo))
            return await gateway.call({ sni: mtls, path: '/v1/data', certificate, agent })
          } finally {
            agent.destroy()
          }
        },
        also: (_, gateway) => (gateway.expectations.allowedBefore ? undefined : 'it was refused before, too'),
      },
      {
        asks: 'responder stopped, answer remembered',
        expects: '200 allowed',
        before: async (gateway) => {
          await withCertificate('acme', '/v1/data')(gateway)
          await gateway.stopResponders()
        },
        call: withCertificate('acme', '/v1/data'),
        after: (gateway) => gateway.startResponders(),
      },
      {
        asks: 'responder stopped, a new certificate',
        expects: '503 revocation_unavailable',
        before: (gateway) => gateway.stopResponders(),
        call: async (gateway) => {
          const certificate = gateway.parties.issue({ commonName: 'late.example' })
          await gateway.register('late', certificate)
          return gateway.call({ sni: mtls, path: '/v1/data', certificate })
        },
        after: (gateway) => gateway.startResponders(),
      },
    ],
  },
  {
    title: 'The gateway itself',
    rows: [
      { asks: 'a route that names an unknown policy', expects: '500 policy_unknown', call: onTls('/v1/misconfigured') },
      {
        asks: 'a body longer than a filter that buffers takes',
        expects: '413 body_too_large',
        call: (gateway) =>
          gateway.callUnverified({
            sni: mtls,
            path: '/v1/data',
            body: 'x'.repeat(2_000),
            certificate: gateway.parties.certificates.acme,
          }),
      },
      { asks: 'a path without a route', expects: '404 route_unknown', call: onTls('/v2/anything') },
      {
        asks: 'service stopped',
        expects: '503 gateway_unavailable',
        before: (gateway) => gateway.stopService(),
        call: withCertificate('acme', '/v1/data'),
        after: (gateway) => gateway.startService(),
      },
    ],
  },
]
