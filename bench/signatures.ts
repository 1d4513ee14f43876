/**
 * npm run bench:signatures: what a signature costs. First the time to verify one over a body of 1 KiB, by algorithm; then requests a
 * second through the real Envoy and the real service, on a route whose policy has a signature beside one with Basic alone, with the
 * same bodies. Exits with 1 where the bound of the first is missed.
 */
import { randomUUID } from 'node:crypto'
import { type SignatureAlgorithm, signatureAlgorithms } from '../src/domain/signature.ts'
import { MemoryReplays } from '../src/signing/memory_replays.ts'
import { signedConcatenation, type UnsignedRequest } from '../src/signing/sign.ts'
import { RequestSignatures } from '../src/signing/signatures.ts'
import { addRoute } from '../test/support/envoy_bootstrap.ts'
import { devApp } from '../test/support/evidence.ts'
import { type LiveGateway, startLiveGateway } from '../test/support/live_gateway.ts'
import { Authority } from '../test/support/pki.ts'
import { signingKey, signWith } from '../test/support/signing_keys.ts'
import { concatenated, partsOf, policy } from '../test/unit/signing/fixture.ts'

const boundMs = 0.2
const rounds = 2_000
const seconds = 5
const connections = 4
const inFlight = 8
const secret = 'bench-9XkZl0tQ2wE4rT6y'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const body = Buffer.alloc(1_024, '{"amount": "10.00", "text": "abcdefghijklmnopqrstuvwxyz"} ')
const request: UnsignedRequest = {
  ...{ method: 'POST', url: 'https://api2.example.com/v1/payments?x=1', body },
  headers: { 'content-type': 'application/json' },
}

/** As YAML, in one line. */
const policiesText = (policies: Readonly<Record<string, string>>): string =>
  `{ ${Object.entries(policies)
    .map(([name, policy]) => `${name}: ${policy}`)
    .join(', ')} }`

/** Milliseconds of one verification, the replay memory included: the median and the 99th percentile. */
function verificationTimes(algorithm: SignatureAlgorithm, profile: 'message-signatures' | 'concatenated') {
  const key = signingKey(algorithm)
  const owner = devApp({ publicKeys: [key.publicKey] })
  const own = new MemoryReplays({ maxEntries: rounds, clock: () => new Date() })
  const signatures = new RequestSignatures({ own, shared: undefined })
  const created = new Date()
  const sent = Array.from({ length: rounds }, (_, i) => {
    if (profile === 'message-signatures') return partsOf(request, signWith(key, request, { created }).headers)
    const numbered = { ...request, body: Buffer.concat([body, Buffer.from(String(i))]) }
    return partsOf(numbered, signedConcatenation(numbered, key.privateKey).headers)
  })
  const asked = { ...(profile === 'concatenated' ? concatenated : policy), maxBodyBytes: 2_048 }
  const times = sent.map((parts) => {
    const started = performance.now()
    const status = signatures.statusOf(parts, owner, asked, created)
    const ms = performance.now() - started
    if ('status' in status && status.status !== 'verified') throw new Error(`it is ${status.status}`)
    return ms
  })
  const sorted = times.slice(rounds / 10).sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0 }
}

/** Requests a second that pass, over connections that stay open, as many at once as a small client has. */
async function throughput(
  gateway: LiveGateway,
  path: string,
  headersOf: () => Readonly<Record<string, string>>,
): Promise<number> {
  const basic = `Basic ${Buffer.from(`bench-key:${secret}`).toString('base64')}`
  const prepared = Array.from({ length: 20_000 }, headersOf)
  const open = await Promise.all(Array.from({ length: connections }, () => gateway.open({ sni: 'api2.example.com' })))
  const started = performance.now()
  let passed = 0
  const ask = async (connection: (typeof open)[number]): Promise<void> => {
    while (performance.now() - started < seconds * 1_000) {
      const headers = prepared.pop()
      if (headers === undefined) return
      const all = [['authorization', basic] as const, ...Object.entries(headers)]
      const asked = { sni: 'api2.example.com', path, method: 'POST', body, headers: all, protocol: 'h2' as const }
      const { status, code } = await connection.ask(asked)
      if (status !== 200) throw new Error(`${path}: ${status} ${code}`)
      passed++
    }
  }
  await Promise.all(open.flatMap((connection) => Array.from({ length: inFlight }, () => ask(connection))))
  const elapsed = (performance.now() - started) / 1_000
  for (const connection of open) connection.close()
  return passed / elapsed
}

say(`Verifying a request with a body of 1 KiB, ${rounds} times each (bound: a median of ${boundMs} ms)`)
let holds = true
const measured = [
  ...signatureAlgorithms.map((algorithm) => [algorithm, 'message-signatures'] as const),
  ['rsa-v1_5-sha256', 'concatenated'] as const,
]
for (const [algorithm, profile] of measured) {
  const { median, p99 } = verificationTimes(algorithm, profile)
  holds &&= median < boundMs
  say(`  ${profile}, ${algorithm}: median ${median.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`)
}

say(`Requests a second through Envoy, ${connections} connections with ${inFlight} at once, for ${seconds} s each`)
const key = signingKey('rsa-pss-sha512', 'bench')
const gateway = await startLiveGateway({
  registrations: [
    {
      ...{ id: 'bench', certificates: [], clientSecret: secret },
      publicKeys: [{ id: 'bench', algorithm: 'rsa-pss-sha512', pem: key.pem }],
    },
  ],
  chainPem: Authority.root().certificate.pem,
  ocsp: '{}',
  policies: policiesText({
    merchant: '{ channel: tls, require: [basic] }',
    payments: '{ channel: tls, require: [basic, signature], signature: { profile: message-signatures } }',
    buffered: '{ channel: tls, require: [basic] }',
  }),
  more: 'log: { level: silent }',
  change: (bootstrap) => addRoute(bootstrap, '/v1/buffered', 'buffered', true),
})
try {
  const plain = () => ({ 'content-type': 'application/json' })
  const created = new Date()
  const signed = () => ({ ...request.headers, ...signWith(key, request, { created, nonce: randomUUID() }).headers })
  const rates: Record<string, number> = {}
  await throughput(gateway, '/v1/merchant', plain)
  rates['Basic'] = await throughput(gateway, '/v1/merchant', plain)
  rates['Basic, the body sent to the service'] = await throughput(gateway, '/v1/buffered', plain)
  rates['Basic and signature (RSA 2048, PSS)'] = await throughput(gateway, '/v1/payments?x=1', signed)
  for (const [what, rate] of Object.entries(rates))
    say(`  ${what}: ${Math.round(rate)} a second, ${(rate / (rates['Basic'] ?? 1)).toFixed(2)} of Basic alone`)
} finally {
  await gateway.stop()
}
process.exitCode = holds ? 0 : 1
