import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ListedCertificate } from '../test/support/openssl_responder.ts'
import type { IssuedCertificate } from '../test/support/pki.ts'
import { type Registration, registryYaml, type ThirdParties, withdrawnIdentifier } from './third_parties.ts'

/**
 * The files of the service in `folder`: examples/authz.yaml as `adapt` changes it, the registry, the accepted providers and
 * the withdrawn authorisations.
 */
export function writeServiceFiles(folder: string, parties: ThirdParties, adapt: (example: string) => string): void {
  const qtsps = join(folder, 'qtsps')
  mkdirSync(qtsps, { recursive: true })
  writeFileSync(join(qtsps, 'demo-issuing-ca.pem'), parties.issuing.certificate.pem)
  const example = readFileSync(fileURLToPath(new URL('../examples/authz.yaml', import.meta.url)), 'utf8')
  writeFileSync(join(folder, 'authz.yaml'), adapt(example).replace('# psd2:', 'psd2:'))
  writeFileSync(join(folder, 'withdrawn.yaml'), `- organization_identifier: ${withdrawnIdentifier}\n`)
  writeRegistry(folder, parties, parties.registrations)
}

export function writeRegistry(folder: string, parties: ThirdParties, registrations: readonly Registration[]): void {
  writeFileSync(join(folder, 'devapps.yaml'), registryYaml(registrations, parties.issuing.chainPem))
}

/** The demo's responders are on this machine, which a certificate may not name unless it is allowed. */
export function allowPrivateResponders(example: string): string {
  return example.replace(/^( *)allow_private_addresses: false/m, '$1allow_private_addresses: true')
}

/** What the issuing CA's responder says of each certificate. */
export function listedCertificates({ certificates }: ThirdParties): ListedCertificate[] {
  const revokedAt = new Date(Date.now() - 3_600_000)
  // One of another CA is not for this responder, and a serial number stands in its index once.
  const left = new Set(['unknown', 'otherQtsp', 'acmeOfOtherCa', 'fintechReissued', 'ofUnregisteredCa', 'selfSigned'])
  const listed = Object.entries<IssuedCertificate>(certificates).filter(([name]) => !left.has(name))
  return listed.map(([name, certificate]): ListedCertificate => {
    if (name === 'revoked') return { certificate, status: { revokedAt, reason: 'keyCompromise' } }
    if (name === 'onHold') return { certificate, status: { revokedAt, reason: 'certificateHold' } }
    return { certificate, status: 'good' }
  })
}
