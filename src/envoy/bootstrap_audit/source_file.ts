import { type Document, isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { yamlMistakes } from '../../config/yaml_mistakes.ts'
import { Part, type Place } from './part.ts'

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
    this.mistakes = mistakes.length > 0 ? mistakes.slice(0, maxMistakes) : this.#followAliases()
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

  /** In one pass, since an alias means the last anchor of its name before it. Returns those that mean nothing. */
  #followAliases(): readonly SyntaxMistake[] {
    const anchors = new Map<string, Node>()
    const astray: SyntaxMistake[] = []
    visit(this.#document, {
      Node: (_, node) => {
        if (!isAlias(node)) {
          if (node.anchor !== undefined) anchors.set(node.anchor, node)
          return
        }
        const target = anchors.get(node.source)
        if (target === undefined) astray.push(this.#mistake(node.range?.[0] ?? 0, yamlMistakes.BAD_ALIAS.message))
        else this.#anchored.set(node, target)
      },
    })
    return astray.slice(0, maxMistakes)
  }

  #mistake(offset: number, message: string): SyntaxMistake {
    return { file: this.name, path: [], line: this.#lines.linePos(offset).line, message }
  }
}
