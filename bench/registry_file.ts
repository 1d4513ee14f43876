/** A registry of many DevApps, each with a ClientSecret and a certificate of its own; made once, and kept. */
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { DevAppsReader } from '../src/registry/file/devapps_reader.ts'
import { FileDevAppStore } from '../src/registry/file/file_devapp_store.ts'
import { withRegistryBytes } from '../src/registry/file/registry_bytes.ts'
import { RegistrySnapshot } from '../src/registry/registry.ts'
import { hashGeneratedSecret } from '../src/registry/secrets.ts'
import { Authority, newKeyPair, pemOf } from '../test/support/pki.ts'
import type { BenchRegistry } from './bench_registry.ts'
import { Mint } from './mint.ts'

const issuingAuthorities = 400
const roots = 20
const folder = fileURLToPath(new URL('../.bench', import.meta.url))
const leafKeyPair = newKeyPair('rsa2048')
/** Nobody listens there. */
const responderUrl = 'http://127.0.0.1:9/ocsp'
const indented = (pem: string, spaces: number): string => pem.trimEnd().replace(/^/gm, ' '.repeat(spaces))

function devAppText(index: number, issuer: string, leaf: Buffer): string {
  const id = `tpp-${String(index).padStart(6, '0')}`
  return `  - id: ${id}
    name: Third Party ${index}
    client_key: ${id}-key
    client_secrets:
      - hash: ${hashGeneratedSecret(id)}
    products:
      - accounts
      - payments
    certificates:
      - leaf: |
${indented(pemOf(leaf), 10)}
        issuer: ${issuer}
`
}

export const pathOfFile = (devApps: number): string => join(folder, `devapps-${devApps}.yaml`)

/** A file with that many DevApps, as the tools write it. */
export async function openFile(devApps: number): Promise<BenchRegistry> {
  mkdirSync(folder, { recursive: true })
  const path = pathOfFile(devApps)
  if (!existsSync(path)) await write(path, devApps)
  return {
    title: 'file',
    size: `${devApps} DevApps, a certificate each, ${issuingAuthorities} issuing CAs, ${Math.round(statSync(path).size / 1e6)} MB of YAML`,
    configuration: `{ file: ${JSON.stringify(path)} }`,
    store: new FileDevAppStore(path),
    snapshot: async () => {
      const { devApps } = await withRegistryBytes(path, (bytes) => new DevAppsReader().read(bytes))
      return new RegistrySnapshot(devApps)
    },
    close: async () => {},
  }
}

async function write(path: string, devApps: number): Promise<void> {
  const now = new Date()
  const above = Array.from({ length: roots }, (_, i) => Authority.root({ commonName: `Root CA ${i}`, now }))
  const authorities = Array.from({ length: issuingAuthorities }, (_, i) => {
    const authority = above[i % roots]!.issueAuthority({ commonName: `Issuing CA ${i}`, now })
    return { name: `issuing-ca-${i}`, pem: authority.chainPem, mint: new Mint(authority, responderUrl, leafKeyPair) }
  })
  const out = createWriteStream(`${path}.new`)
  out.write('chains:\n')
  for (const { name, pem } of authorities) out.write(`  ${name}: |\n${indented(pem, 4)}\n`)
  out.write('devapps:\n')
  for (let i = 0; i < devApps; i++) {
    const { name, mint } = authorities[i % authorities.length]!
    if (!out.write(devAppText(i, name, mint.leaf(i)))) await once(out, 'drain')
  }
  out.end()
  await finished(out)
  renameSync(`${path}.new`, path)
}
