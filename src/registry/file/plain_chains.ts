import { ChainError, type ChainReader } from '../chain_reader.ts'
import type { NamedChains } from '../devapp_schema.ts'
import { otherwise, PlainLines } from './plain_lines.ts'

/** A letter first, so that it is a text in YAML, and no word that is none. */
const chainName = /^(?!(?:true|false|null)$)[A-Za-z][A-Za-z0-9._-]{0,127}$/i

/** Room for the CAs of one chain: whoever keeps one copies it. */
const room = Buffer.allocUnsafeSlow(262_144)

/**
 * The rows of CAs by name, as the tools write them above the list of DevApps; `undefined` for what is written in another way, right
 * or wrong, and where anything else stands there.
 */
export function readPlainChains(head: string, reader: ChainReader): NamedChains | undefined {
  try {
    const chains = new Map<string, ReturnType<ChainReader['authorities']>>()
    if (head === '') return chains
    const bytes = Buffer.from(head)
    const lines = new PlainLines()
    lines.begin(bytes, 0, bytes.length)
    if (!lines.isKeyAt(0) || lines.takeKey() !== 'chains') return undefined
    lines.enterBelow(2)
    while (lines.isKeyAt(2)) {
      const name = lines.takeKey()
      if (!chainName.test(name) || chains.has(name)) return undefined
      chains.set(name, reader.authorities(lines.takePem(4, room)))
    }
    return lines.indent < 0 ? chains : undefined
  } catch (error) {
    if (error === otherwise || error instanceof ChainError) return undefined
    throw error
  }
}
