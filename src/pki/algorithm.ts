import { type Der, Fields, tag } from './der.ts'
import { oidOf } from './der_values.ts'

/** RFC 5280 4.1.1.2. */
export interface AlgorithmIdentifier {
  readonly oid: string
  readonly parameters: Der | undefined
}

/** Throws DerError on another structure. */
export function readAlgorithm(element: Der | undefined): AlgorithmIdentifier {
  const fields = new Fields(element, 'AlgorithmIdentifier')
  const oid = oidOf(fields.next(tag.oid))
  const parameters = fields.last()
  return { oid, parameters }
}

/** Whether the parameters say nothing: for hashes and RSA, NULL and absent are the same (RFC 4055 2.1, RFC 5754 2). */
export function isNullOrAbsent(parameters: Der | undefined): boolean {
  return parameters === undefined || parameters.tag === tag.null
}

export type HashAlgorithm = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export const hashOids: Readonly<Record<HashAlgorithm, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
}

const hashByOid: ReadonlyMap<string, HashAlgorithm> = new Map(
  (Object.keys(hashOids) as HashAlgorithm[]).map((hash) => [hashOids[hash], hash]),
)

/** The hash that an AlgorithmIdentifier names; `undefined` for others. Throws DerError where it is none. */
export function readHashAlgorithm(element: Der | undefined): HashAlgorithm | undefined {
  const { oid, parameters } = readAlgorithm(element)
  return isNullOrAbsent(parameters) ? hashByOid.get(oid) : undefined
}
