/** The third parties of the bench: CAs, any number of DevApps with a certificate each, and the responder of all of them. */
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { hashChosenSecret, hashGeneratedSecret } from '../../src/registry/secrets.ts'
import { ocspResponse } from '../../test/support/ocsp.ts'
import { Authority, newKeyPair, pemOf } from '../../test/support/pki.ts'
import { answering, TestResponder } from '../../test/support/test_responder.ts'
import { Mint } from '../mint.ts'

const issuingAuthorities = 20
const validityMs = 86_400_000

export class ThirdParties {
  /** The key of every leaf. */
  readonly keyPem: string
  /** Every CA, for a trust store. */
  readonly truststorePem: string
  readonly #authorities: readonly Authority[]
  readonly #mints: readonly Mint[]
  /** No two signatures are the same, so that each is made once. */
  readonly #leaves = new Map<number, string>()
  readonly #responder: TestResponder
  /** Several processes ask about the same certificates. */
  readonly #answers = new Map<string, Buffer>()
  readonly #chosenSecretHash = hashChosenSecret('chosen by a person')

  private constructor(responder: TestResponder) {
    const now = new Date()
    const keyPair = newKeyPair('p256')
    const root = Authority.root({ commonName: 'Bench Root CA', now })
    this.#responder = responder
    this.#authorities = Array.from({ length: issuingAuthorities }, (_, i) =>
      root.issueAuthority({ commonName: `Bench Issuing CA ${i}`, now }),
    )
    this.#mints = this.#authorities.map((each, i) => new Mint(each, responderUrl(responder, i), keyPair))
    this.keyPem = keyPair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    this.truststorePem = [root.certificate.pem, ...this.#authorities.map(({ certificate }) => certificate.pem)].join('')
  }

  static async create(): Promise<ThirdParties> {
    const responder = await TestResponder.start()
    const parties = new ThirdParties(responder)
    responder.behaviour = answering((request) => {
      // The test responder keeps all that it received.
      responder.requests.length = 0
      return parties.#answer(request.path, request.der)
    })
    return parties
  }

  /** The certificate of a DevApp. */
  leafPem(index: number): string {
    const known = this.#leaves.get(index)
    if (known !== undefined) return known
    const pem = pemOf(this.#mints[index % issuingAuthorities]!.leaf(index))
    this.#leaves.set(index, pem)
    return pem
  }

  /** The secret of a DevApp; that of the last one of a registry was chosen by a person. */
  basic(index: number, devApps: number): string {
    const secret = index === devApps - 1 ? 'chosen by a person' : nameOf(index)
    return `Basic ${Buffer.from(`${nameOf(index)}-key:${secret}`).toString('base64')}`
  }

  /** Writes a registry of that many DevApps. */
  async writeRegistry(path: string, devApps: number): Promise<void> {
    const out = createWriteStream(path)
    out.write('chains:\n')
    for (const [i, { chainPem }] of this.#authorities.entries())
      out.write(`  issuing-ca-${i}: |\n${indented(chainPem, 4)}\n`)
    out.write('devapps:\n')
    for (let i = 0; i < devApps; i++) {
      const hash = i === devApps - 1 ? this.#chosenSecretHash : hashGeneratedSecret(nameOf(i))
      if (!out.write(this.#devAppText(i, hash))) await once(out, 'drain')
    }
    out.end()
    await finished(out)
  }

  async stop(): Promise<void> {
    await this.#responder.stop()
  }

  #devAppText(index: number, hash: string): string {
    return `  - id: ${nameOf(index)}
    name: Third Party ${index}
    client_key: ${nameOf(index)}-key
    client_secrets:
      - hash: ${hash}
    products:
      - accounts
      - payments
    certificates:
      - leaf: |
${indented(this.leafPem(index), 10)}
        issuer: issuing-ca-${index % issuingAuthorities}
`
  }

  /** The serial number is the last element of a request without extensions; the path tells the CA. */
  #answer(path: string, request: Buffer): Buffer {
    const authority = this.#authorities[Number(/^\/(\d+)/.exec(path)?.[1])]
    if (authority === undefined) throw new Error(`no CA at ${path}`)
    const serialNumber = request.subarray(-16).toString('hex')
    const known = this.#answers.get(serialNumber)
    if (known !== undefined) return known
    const secondMs = Math.floor(Date.now() / 1_000) * 1_000
    const answer = ocspResponse({
      ...{ authority, certificate: { serialNumber } },
      ...{ thisUpdate: new Date(secondMs), nextUpdate: new Date(secondMs + validityMs) },
    })
    this.#answers.set(serialNumber, answer)
    return answer
  }
}

const responderUrl = ({ port }: TestResponder, authority: number): string => `http://127.0.0.1:${port}/${authority}`
const nameOf = (index: number): string => `tpp-${String(index).padStart(6, '0')}`
const indented = (pem: string, spaces: number): string => pem.trimEnd().replace(/^/gm, ' '.repeat(spaces))
