import { type Document, isAlias, isNode, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { yamlMistakes } from '../../config/yaml_mistakes.ts'
import { Part, type Place } from './part.ts'

/** What is wrong with a file as YAML. */
export interface SyntaxMistake extends Place {
  readonly message: string
}

/** More parts than any gateway has are aliases that repeat each other. */
const maxParts = 2_000_000

export class TooManyParts extends Error {
  override readonly name = 'TooManyParts'
}

/** A file of Envoy's configuration in YAML, of which JSON is a part. Never throws on what the text holds. */
export class SourceFile {
  readonly name: string
  readonly mistakes: readonly SyntaxMistake[]
  readonly #document: Document
  readonly #lines = new LineCounter()
  readonly #anchored = new WeakMap<Node, Node>()
  readonly #numbers = new WeakMap<Node, number>()
  #numbered = 0
  #parts = 0

  constructor(name: string, text: string) {
    this.name = name
    const options = { lineCounter: this.#lines, prettyErrors: false, schema: 'core', logLevel: 'silent' } as const
    this.#document = parseDocument(text, options)
    this.mistakes = this.#document.errors.map(({ code, pos }) => {
      const { line } = this.#lines.linePos(pos[0])
      return { file: name, path: [], line, message: yamlMistakes[code].message }
    })
    if (this.mistakes.length === 0) this.#followAliases()
  }

  get root(): Part {
    return new Part(this, { path: [], node: this.resolved(this.#document.contents), line: undefined, identity: '' })
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

  /** In one pass, since an alias means the last anchor of its name before it. */
  #followAliases(): void {
    const anchors = new Map<string, Node>()
    visit(this.#document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const target = anchors.get(node.source)
          if (target !== undefined) this.#anchored.set(node, target)
        } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
      },
    })
  }
}
