import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Block {
  /** Such as `sh`. */
  readonly language: string
  readonly text: string
}

/** The fenced blocks of a Markdown file of the project, in their order, without the indentation of a list that they stand in. */
export function blocksOf(file: string): Block[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)].map(
    ([, indentation = '', language = '', body = '']) => ({
      language,
      text: body.replace(new RegExp(`^${indentation}`, 'gm'), ''),
    }),
  )
}
