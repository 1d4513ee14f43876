import type { Certificate } from '../../domain/certificate.ts'
import type { RegisteredCertificate } from '../../domain/devapp.ts'
import { pemOf } from '../../pki/certificate.ts'
import type { Authorities } from '../chain_reader.ts'
import type { NamedChains } from '../devapp_schema.ts'

/** The names of the rows of CAs that a file has, and of those that it is to get. */
export class ChainNames {
  readonly added = new Map<string, Authorities>()
  readonly #names: ReadonlyMap<string, string>

  constructor(chains: NamedChains) {
    this.#names = new Map([...chains].flatMap(([name, chain]) => (chain ? [[fingerprints(chain), name]] : [])))
  }

  readonly nameOf = ({ chain }: RegisteredCertificate): string => {
    const known = this.#names.get(fingerprints(chain))
    if (known !== undefined) return known
    const name = newName(chain)
    this.added.set(name, chain)
    return name
  }
}

const fingerprints = (chain: readonly Certificate[]): string => chain.map(({ sha256 }) => sha256).join()

/** What people know the CA by, and what tells it apart from others of that name. */
function newName(chain: Authorities): string {
  const [issuer] = chain
  const words = (issuer.commonNames[0] ?? '').toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return `${words.slice(0, 64).replace(/^-|-$/g, '') || 'ca'}-${issuer.sha256.slice(0, 8)}`
}

/**
 * The lines down to `devapps:` with chains added at the end of `chains`, which is begun where there is none; `undefined` where it is
 * not written as a block.
 */
export function headWith(head: string, added: ReadonlyMap<string, Authorities>): string | undefined {
  if (added.size === 0) return head
  // A comment directly above the list is the list's.
  const [, above = '', list = ''] = /^([\s\S]*?)((?:#[^\n]*\n)*devapps:[^\n]*\n)$/.exec(head) ?? []
  const [chains, indent] = /^chains:[ \t]*(?:#[^\n]*)?\n(?:[ \t]*(?:#[^\n]*)?\n)*( +)\S/m.exec(above) ?? []
  if (chains === undefined && /^(?:chains|['"{?])/m.test(above)) return undefined
  const entries = [...added].map(([name, chain]) => entryText(name, chain, indent ?? '  ')).join('')
  const lines = above.trimEnd()
  if (chains === undefined) return `${above}chains:\n${entries}${list}`
  return `${lines}\n${entries}${above.slice(lines.length + 1)}${list}`
}

function entryText(name: string, chain: Authorities, indent: string): string {
  const pem = chain
    .map(pemOf)
    .join('')
    .replace(/^(?=.)/gm, `${indent}  `)
  return `${indent}${name}: |\n${pem}`
}
