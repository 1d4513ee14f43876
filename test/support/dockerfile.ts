import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Instruction {
  /** Such as `RUN`. */
  readonly word: string
  /** What follows it, continued lines joined. */
  readonly rest: string
}

export interface Stage {
  /** What others call it; `undefined` for the last one, which is the image. */
  readonly name: string | undefined
  readonly instructions: readonly Instruction[]
}

/** The stages of the project's Dockerfile, in their order. */
export function readDockerfile(): Stage[] {
  const text = readFileSync(fileURLToPath(new URL('../../Dockerfile', import.meta.url)), 'utf8')
  const lines = text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
  const stages: { name: string | undefined; instructions: Instruction[] }[] = []
  for (const line of lines) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.+)$/.exec(line) ?? []
    if (word === 'FROM') stages.push({ name: /\sAS\s(\S+)$/.exec(rest)?.[1], instructions: [] })
    else if (word !== '') stages.at(-1)?.instructions.push({ word, rest })
  }
  return stages
}

/** What all instructions of that word say in a stage. */
export function saidBy({ instructions }: Stage, word: string): string[] {
  return instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest)
}
