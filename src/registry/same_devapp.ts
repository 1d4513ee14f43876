import { isDeepStrictEqual } from 'node:util'
import type { DevApp } from '../domain/devapp.ts'

/** Whether nothing distinguishes the two, labels in another order aside. */
export function isSameDevApp(a: DevApp | undefined, b: DevApp | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && isDeepStrictEqual(contentOf(a), contentOf(b)))
}

const contentOf = ({ certificates, products, labels, publicKeys, ...others }: DevApp): unknown => ({
  ...others,
  products: [...products],
  labels: Object.entries(labels).sort(),
  publicKeys: publicKeys.map(({ id, algorithm, sha256 }) => [id, algorithm, sha256]),
  certificates: certificates.map(({ leaf, chain }) => [leaf, ...chain].map(({ sha256 }) => sha256)),
})
