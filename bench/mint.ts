import { sign } from 'node:crypto'
import { type Authority, der, type KeyPair } from '../test/support/pki.ts'

/** A CA that issues one certificate again and again, with another serial number and another common name. */
export class Mint {
  readonly #authority: Authority
  readonly #tbs: Buffer
  readonly #algorithm: Buffer
  readonly #serialAt: number
  readonly #nameAt: number[]

  /** All leaves have the key of `keyPair`, and name that responder. */
  constructor(authority: Authority, responderUrl: string, keyPair: KeyPair) {
    this.#authority = authority
    const [serialNumber, name] = ['7f'.repeat(16), nameOf(999_999)]
    const { der: bytes } = authority.issue({
      ...{ serialNumber, commonName: name, organization: 'Third Party Oy', keyPair, now: new Date() },
      ...{ ocspUrls: [responderUrl], crlUrls: ['http://127.0.0.1:9/ca.crl'], subjectAltNames: [name] },
    })
    this.#tbs = Buffer.from(elementAt(bytes, 4))
    this.#algorithm = elementAt(bytes, 4 + this.#tbs.length)
    this.#serialAt = this.#tbs.indexOf(serialNumber, 'hex')
    this.#nameAt = [this.#tbs.indexOf(name), this.#tbs.lastIndexOf(name)]
  }

  /** The certificate in DER; `index` is below a million. */
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
