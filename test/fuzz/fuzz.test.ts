import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { fuzz } from './fuzz.ts'
import { fromWritten, type WrittenRecipe } from './mutators/edit.ts'
import { hasOpenssl } from './openssl.ts'
import { targets } from './targets.ts'

/** Found once, and mended. Keys are new in every run, so what is kept is how a mutant is made. */
const vectors = JSON.parse(readFileSync(new URL('../vectors/fuzz.json', import.meta.url), 'utf8')) as readonly {
  readonly name: string
  readonly target: string
  readonly recipe: WrittenRecipe
}[]
const seed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

describe(`mutants of real messages (FUZZ_SEED=${seed})`, function () {
  this.timeout(120_000)

  for (const target of targets) {
    it(`${target.name}: nothing uncaught, nothing good that somebody else refuses, nothing slow`, async () => {
      const said = new Set(await Promise.all(target.seeds.map((each) => target.examine(each))))
      expect(said, 'of real messages').to.include('good')
      const secondOpinions = hasOpenssl() ? 20 : 0
      const { outcomes, finding } = await fuzz(target, { seed, ms: 3_000, inputs: 600, secondOpinions })
      if (finding !== undefined)
        throw new Error(`${String(finding.error)}\n${JSON.stringify({ target: target.name, recipe: finding.recipe })}`)
      expect(outcomes).to.not.deep.equal({})
    })
  }

  for (const { name, target, recipe } of vectors) {
    it(`${target}: ${name}`, async () => {
      const found = targets.find((each) => each.name === target)
      if (found === undefined) throw new Error(`there is no target ${target}`)
      const input = found.mutant(fromWritten(recipe))
      if ((await found.examine(input)) === 'good' && hasOpenssl()) found.secondOpinion?.(input)
    })
  }
})
