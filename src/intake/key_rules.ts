import type { KeyObject } from 'node:crypto'
import type { Certificate } from '../domain/certificate.ts'
import { CertificateError, publicKeyOf } from '../pki/certificate.ts'

export interface KeyProblem {
  readonly code: 'key_weak' | 'key_unsupported'
  /** What key it is, in words. */
  readonly key: string
}

const minRsaBits = 2048
const minCurveBits = 256

/** Curves on which CAs sign; a leaf's key has to sign in TLS, where Envoy offers fewer. */
const curves: ReadonlyMap<string, { readonly inTls: boolean }> = new Map([
  ['prime256v1', { inTls: true }],
  ['secp384r1', { inTls: true }],
  ['secp521r1', { inTls: false }],
])

/** Why the key of a CA, or of a leaf, is not good enough, or of no use to Envoy; `undefined` where it is fine. */
export function problemOfKey(certificate: Certificate, isLeaf: boolean): KeyProblem | undefined {
  const key = keyIn(certificate)
  switch (key?.asymmetricKeyType) {
    case 'rsa':
      return problemOfRsa(key)
    case 'ec':
      return problemOfCurve(key.asymmetricKeyDetails?.namedCurve, isLeaf)
    case 'ed25519':
      return isLeaf ? { code: 'key_unsupported', key: 'Ed25519, for TLS clients' } : undefined
    default:
      return { code: 'key_unsupported', key: key?.asymmetricKeyType?.toUpperCase() ?? 'of a kind that is not known' }
  }
}

function keyIn(certificate: Certificate): KeyObject | undefined {
  try {
    return publicKeyOf(certificate)
  } catch (cause) {
    if (cause instanceof CertificateError) return undefined
    throw cause
  }
}

function problemOfRsa({ asymmetricKeyDetails: details }: KeyObject): KeyProblem | undefined {
  const { modulusLength = 0, publicExponent = 0n } = details ?? {}
  if (modulusLength < minRsaBits) return { code: 'key_weak', key: `RSA of ${modulusLength} bits` }
  // With 1 everybody can sign, and an even one has no inverse.
  if (publicExponent < 3n || publicExponent % 2n === 0n)
    return { code: 'key_weak', key: `RSA with the exponent ${publicExponent}` }
  return undefined
}

/** Explicit parameters name no curve: they could be anything. */
function problemOfCurve(name: string | undefined, isLeaf: boolean): KeyProblem | undefined {
  const curve = curves.get(name ?? '')
  if (curve !== undefined)
    return isLeaf && !curve.inTls ? { code: 'key_unsupported', key: `EC on ${name}, for TLS clients` } : undefined
  const bits = Number(/\d{3}/.exec(name ?? '')?.[0] ?? minCurveBits)
  return {
    code: bits < minCurveBits ? 'key_weak' : 'key_unsupported',
    key: `EC on ${name ?? 'a curve without a name'}`,
  }
}
