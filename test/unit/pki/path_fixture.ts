import type { Certificate } from '../../../src/domain/certificate.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { validatePath } from '../../../src/pki/path_validation.ts'
import { Authority, type CertificateOptions, der, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

type Extension = NonNullable<CertificateOptions['extensions']>[number]

/** `code@index` of every problem, index 0 the leaf. */
export function problemsOf(chain: readonly Uint8Array[], at: Date = fixedNow): readonly string[] {
  return validatePath(chain.map(certificateFromDer), at).map(({ code, index }) => `${code}@${index}`)
}

export const certificates = (...chain: readonly IssuedCertificate[]): readonly Certificate[] =>
  chain.map((each) => certificateFromDer(each.der))

/** A chain made from above: the options of the root, of every CA below it, and of the leaf last. */
export function chainOf(...levels: readonly CertificateOptions[]): readonly Uint8Array[] {
  const [root = {}, ...below] = levels
  const leaf = below.pop() ?? {}
  const authorities = [Authority.root(root)]
  below.forEach((options, i) => {
    authorities.push((authorities.at(-1) as Authority).issueAuthority({ commonName: `CA ${i + 1}`, ...options }))
  })
  const issuer = authorities.at(-1) as Authority
  return [issuer.issue(leaf).der, ...authorities.reverse().map(({ certificate }) => certificate.der)]
}

export const extension = (oid: string, value: Uint8Array, critical = false): Extension => ({ oid, value, critical })

/** Bases and names of GeneralName, by the number of their form. */
export const generalName = {
  email: (text: string) => der.implicit(1, Buffer.from(text)),
  dns: (text: string) => der.implicit(2, Buffer.from(text)),
  directory: (name: Uint8Array) => der.explicit(4, name),
  uri: (text: string) => der.implicit(6, Buffer.from(text)),
  ip: (...octets: number[]) => der.implicit(7, Buffer.from(octets)),
  otherName: () => der.explicit(0, der.oid('1.2.3.4'), der.explicit(0, der.null())),
  registeredId: () => der.implicit(8, Buffer.from([0x2a, 3, 4])),
}

export const subjectAltName = (...names: Uint8Array[]): Extension => extension('2.5.29.17', der.sequence(...names))

export function nameConstraints(subtrees: { permitted?: Uint8Array[]; excluded?: Uint8Array[] }): Extension {
  const list = (tag: number, bases: Uint8Array[] | undefined): Uint8Array[] =>
    bases === undefined ? [] : [der.explicit(tag, ...bases.map((base) => der.sequence(base)))]
  return extension('2.5.29.30', der.sequence(...list(0, subtrees.permitted), ...list(1, subtrees.excluded)), true)
}

export const policies = (...oids: string[]): Extension =>
  extension('2.5.29.32', der.sequence(...oids.map((oid) => der.sequence(der.oid(oid)))))

export const policyMappings = (...pairs: [issuerDomain: string, subjectDomain: string][]): Extension =>
  extension('2.5.29.33', der.sequence(...pairs.map(([from, to]) => der.sequence(der.oid(from), der.oid(to)))), true)

export function policyConstraints(skip: { requireExplicitPolicy?: number; inhibitPolicyMapping?: number }): Extension {
  const field = (tag: number, count: number | undefined): Uint8Array[] =>
    count === undefined ? [] : [der.implicit(tag, Buffer.from([count]))]
  const fields = [...field(0, skip.requireExplicitPolicy), ...field(1, skip.inhibitPolicyMapping)]
  return extension('2.5.29.36', der.sequence(...fields), true)
}

export const inhibitAnyPolicy = (count: number): Extension => extension('2.5.29.54', der.smallInteger(count), true)
