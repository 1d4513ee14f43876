/** A registry of many DevApps, each with a ClientSecret and a certificate of its own; made once, and kept. */
import { sign } from 'node:crypto'
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
import { Authority, der, newKeyPair, pemOf } from '../test/support/pki.ts'
import type { BenchRegistry } from './bench_registry.ts'

const issuingAuthorities = 400
const roots = 20
const folder = fileURLToPath(new URL('../.bench', import.meta.url))
const leafKeyPair = newKeyPair('rsa2048')
const indented = (pem: string, spaces: number): string => pem.trimEnd().replace(/^/gm, ' '.repeat(spaces))

/** A CA that issues one certificate again and again, with another serial number and another common name. */
class Mint {
  readonly #authority: Authority
  readonly #tbs: Buffer
  readonly #algorithm: Buffer
  readonly #serialAt: number
  readonly #nameAt: number[]

  constructor(authority: Authority) {
    this.#authority = authority
    const [serialNumber, name] = ['7f'.repeat(16), nameOf(999_999)]
    const { der: bytes } = authority.issue({
      ...{ serialNumber, commonName: name, organization: 'Third Party Oy', keyPair: leafKeyPair, now: new Date() },
      ...{ ocspUrls: ['http://127.0.0.1:9/ocsp'], crlUrls: ['http://127.0.0.1:9/ca.crl'], subjectAltNames: [name] },
    })
    this.#tbs = Buffer.from(elementAt(bytes, 4))
    this.#algorithm = elementAt(bytes, 4 + this.#tbs.length)
    this.#serialAt = this.#tbs.indexOf(serialNumber, 'hex')
    this.#nameAt = [this.#tbs.indexOf(name), this.#tbs.lastIndexOf(name)]
  }

  leaf(index: number): Buffer {
    this.#tbs.writeUInt32BE(index, this.#serialAt + 12)
    for (const at of this.#nameAt) this.#tbs.write(nameOf(index), at)
    const signature = sign('sha256', this.#tbs, this.#authority.certificate.keyPair.privateKey)
    return der.sequence(this.#tbs, this.#algorithm, der.bitString(signature))
  }
}

const nameOf = (index: number): string => `tpp-${String(index).padStart(6, '0')}.example.com`

/** The element of less than 64 KiB that begins there. */
function elementAt(bytes: Buffer, at: number): Buffer {
  const first = bytes[at + 1]!
  const octets = first < 0x80 ? 0 : first & 0x7f
  const length = octets === 0 ? first : bytes.readUIntBE(at + 2, octets)
  return bytes.subarray(at, at + 2 + octets + length)
}

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
    return { name: `issuing-ca-${i}`, pem: authority.chainPem, mint: new Mint(authority) }
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
