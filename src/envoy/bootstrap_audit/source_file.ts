import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import { yamlMistakes } from '../../config/yaml_mistakes.ts'
import { camelCase, Part, type Place } from './part.ts'

/** What is wrong with a file as YAML. */
export interface SyntaxMistake extends Place {
  readonly message: string
}

/** What is no YAML at all has one on every line. */
const maxMistakes = 10

/** More parts than any gateway has are aliases that repeat each other. */
const maxParts = 1_000_000

export class TooManyParts extends Error {
  override readonly name = 'TooManyParts'
}

/** A file of Envoy's configuration in YAML, of which JSON is a part. Never throws on what the text holds. */
export class SourceFile {
  readonly name: string
  readonly root: Part
  readonly mistakes: readonly SyntaxMistake[]
  readonly #document: Document
  readonly #lines = new LineCounter()
  readonly #anchored = new WeakMap<Node, Node>()
  readonly #numbers = new WeakMap<Node, number>()
  #numbered = 0
  #parts = 0

  constructor(name: string, text: string) {
    this.name = name
    const options = { lineCounter: this.#lines, prettyErrors: false, schema: 'core', logLevel: 'error' } as const
    this.#document = parseDocument(text, options)
    const mistakes = this.#document.errors.map(({ code, pos }) => this.#mistake(pos[0], yamlMistakes[code].message))
    this.mistakes = mistakes.length > 0 ? mistakes.slice(0, maxMistakes) : this.#examined()
    this.root = new Part(this, { node: this.resolved(this.#document.contents) })
  }

  resolved(node: unknown): Node | undefined {
    if (!isNode(node)) return undefined
    return isAlias(node) ? this.#anchored.get(node) : node
  }

  lineOf(node: Node): number | undefined {
    return node.range ? this.#lines.linePos(node.range[0]).line : undefined
  }

  identityOf(node: Node): string {
    const number = this.#numbers.get(node) ?? ++this.#numbered
    this.#numbers.set(node, number)
    return `${this.name}#${number}`
  }

  countPart(): void {
    if (++this.#parts > maxParts) throw new TooManyParts(`${this.name} repeats itself too often by aliases (*)`)
  }

  /**
   * Finds out what aliases stand for, in one pass, since one means the last anchor of its name before it. Returns what only
   * a look at the whole shows to be wrong.
   */
  #examined(): readonly SyntaxMistake[] {
    const anchors = new Map<string, Node>()
    const mistakes: SyntaxMistake[] = []
    visit(this.#document, {
      Node: (_, node) => {
        if (isMap(node)) mistakes.push(...this.#fieldsTwice(node))
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node)
          return
        }
        const target = anchors.get(node.source)
        if (target === undefined) mistakes.push(this.#mistake(node.range?.[0] ?? 0, yamlMistakes.BAD_ALIAS.message))
        else this.#anchored.set(node, target)
      },
    })
    return mistakes.slice(0, maxMistakes)
  }

  /** Envoy takes both spellings of a field side by side (measured), and only one of them is in force. */
  #fieldsTwice(map: YAMLMap): readonly SyntaxMistake[] {
    const seen = new Set<string>()
    return map.items.flatMap(({ key }) => {
      if (!isScalar(key)) return []
      const field = camelCase(String(key.value))
      const repeated = seen.has(field)
      seen.add(field)
      return repeated ? [this.#mistake(key.range?.[0] ?? 0, `${key.value} stands here twice, in two spellings`)] : []
    })
  }

  #mistake(offset: number, message: string): SyntaxMistake {
    return { file: this.name, path: [], line: this.#lines.linePos(offset).line, message }
  }
}
