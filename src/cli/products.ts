import { nearest } from '../config/nearest.ts'
import type { Policy } from '../domain/policy.ts'

/** A warning for each product that no policy asks for: misspelt, most likely, or of a policy that is still to come. */
export function strangeProducts(products: Iterable<string>, policies: ReadonlyMap<string, Policy>): readonly string[] {
  const known = [...new Set([...policies.values()].flatMap(({ product }) => product ?? []))]
  return [...products]
    .filter((product) => !known.includes(product))
    .map((product) => {
      const meant = nearest(product, known)
      return `no policy of the configuration asks for the product ${product}${meant === undefined ? '' : `; is ${meant} meant?`}`
    })
}
