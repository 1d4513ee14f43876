import { readAlgorithm } from './algorithm.ts'
import { type Der, DerError, explicitValue, Fields, tag } from './der.ts'

/** The name of a signature algorithm that rests on a broken hash; `undefined` for others, also for what cannot be read. */
export function weakAlgorithmOf(algorithm: Der): string | undefined {
  try {
    const { oid, parameters } = readAlgorithm(algorithm)
    return oid === rsassaPss ? weakPss(parameters) : weak[oid]
  } catch (cause) {
    if (cause instanceof DerError) return undefined
    throw cause
  }
}

const weak: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.2': 'MD2 with RSA',
  '1.2.840.113549.1.1.3': 'MD4 with RSA',
  '1.2.840.113549.1.1.4': 'MD5 with RSA',
  '1.2.840.113549.1.1.5': 'SHA-1 with RSA',
  '1.3.14.3.2.29': 'SHA-1 with RSA',
  '1.2.840.10040.4.3': 'SHA-1 with DSA',
  '1.3.14.3.2.27': 'SHA-1 with DSA',
  '1.2.840.10045.4.1': 'SHA-1 with ECDSA',
}

const rsassaPss = '1.2.840.113549.1.1.10'

/** RFC 4055 3.1: the hash of the message is `[0]`, and SHA-1 where it is absent. */
function weakPss(parameters: Der | undefined): string | undefined {
  const hash = new Fields(parameters, 'RSASSA-PSS-params').optional(tag.context(0))
  const oid = hash === undefined ? sha1 : readAlgorithm(explicitValue(hash)).oid
  return { [sha1]: 'SHA-1 with RSA-PSS', '1.2.840.113549.2.5': 'MD5 with RSA-PSS' }[oid]
}

const sha1 = '1.3.14.3.2.26'
