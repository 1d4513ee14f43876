import fc from 'fast-check'

/** One change, as numbers that each structure reads in its own way: whatever they are, they mean something. */
export interface Edit {
  readonly kind: number
  /** Where. */
  readonly at: number
  /** Where else, or how much. */
  readonly by: number
  /** What with. */
  readonly bytes: Uint8Array
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.nat(0xffff),
  at: fc.nat(0xffffff),
  by: fc.nat(0xffff),
  bytes: fc.uint8Array({ maxLength: 6 }),
})

/** A seed, by its number, and what is changed in it: most often one thing. */
export interface Recipe {
  readonly seed: number
  readonly edits: readonly Edit[]
  /** Whether what was signed is signed anew, so that the change gets past the signature. */
  readonly signed: boolean
}

export const recipes: fc.Arbitrary<Recipe> = fc.record({
  seed: fc.nat(0xffff),
  edits: fc.oneof(
    { weight: 3, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
    { weight: 2, arbitrary: fc.array(edit, { minLength: 1, maxLength: 5 }) },
  ),
  signed: fc.boolean(),
})

/** A recipe as it stands in test/vectors/fuzz.json. */
export interface WrittenRecipe extends Omit<Recipe, 'edits'> {
  readonly edits: readonly (Omit<Edit, 'bytes'> & { readonly bytes: string })[]
}

export const written = ({ edits, ...others }: Recipe): WrittenRecipe => ({
  ...others,
  edits: edits.map(({ bytes, ...where }) => ({ ...where, bytes: Buffer.from(bytes).toString('hex') })),
})
export const fromWritten = ({ edits, ...others }: WrittenRecipe): Recipe => ({
  ...others,
  edits: edits.map(({ bytes, ...where }) => ({ ...where, bytes: Buffer.from(bytes, 'hex') })),
})

export const chosen = <T>(from: readonly T[], number: number): T => from[number % from.length] as T

/** No mutant grows beyond what is accepted anywhere, and a little. */
export const maxMutantBytes = 70_000
