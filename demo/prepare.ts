import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { responderIndex } from '../test/support/openssl_responder.ts'
import type { IssuedCertificate } from '../test/support/pki.ts'
import { createServerCertificates } from './server_certificates.ts'
import { allowPrivateResponders, listedCertificates, writeServiceFiles } from './service_files.ts'
import { createThirdParties } from './third_parties.ts'

/*
 * Writes what docker-compose.yml mounts: certificates, registry, configuration, and the responder's index.
 *   node --import tsx demo/prepare.ts FOLDER
 */

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  process.stderr.write('Usage: node --import tsx demo/prepare.ts FOLDER\n')
  process.exit(2)
}

const now = new Date()
const parties = createThirdParties({ issuing: 'http://responder:8080/', other: 'http://responder:8080/' }, now)
const servers = createServerCertificates(now)

const service = join(folder, 'service')
mkdirSync(service, { recursive: true })
writeServiceFiles(service, parties, (example) =>
  allowPrivateResponders(example)
    .replace(/^ocsp:$/m, 'ocsp:\n  cache: { redis: { url: redis://redis:6379 } }')
    .replace('listen: 127.0.0.1:9464', 'listen: 0.0.0.0:9464'),
)
for (const [name, server] of [
  ['api.example.com', servers.mtls],
  ['api2.example.com', servers.tls],
  ['try.example.com', servers.try],
] as const) {
  write(`envoy/tls/${name}/tls.crt`, server.pem)
  write(`envoy/tls/${name}/tls.key`, server.privateKeyPem)
}
write('responder/index.txt', responderIndex(listedCertificates(parties)))
write('responder/issuer.pem', parties.issuing.certificate.pem)
write('responder/signer.pem', parties.ocspSigner.pem)
write('responder/signer.key', parties.ocspSigner.privateKeyPem)
write('clients/server-ca.pem', servers.authorityPem)
for (const [name, certificate] of Object.entries<IssuedCertificate>(parties.certificates)) {
  write(`clients/${name}.pem`, certificate.pem)
  write(`clients/${name}.key`, certificate.privateKeyPem)
}
process.stdout.write(`${folder} is ready\n`)

/** Readable by all: the containers run as different users, and these keys protect nothing. */
function write(name: string, content: string): void {
  const path = join(folder ?? '', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, 0o644)
}
