import { type Der, DerError, expectTag, Fields, readDer, tag } from './der.ts'
import { oidOf } from './der_values.ts'
import type { Extensions } from './extensions.ts'

const anyPolicy = '2.5.29.32.0'

/** What a certificate says of policies (RFC 5280 4.2.1.4, .5, .11 and .14). Qualifiers are for people, and not read. */
export interface PolicyExtensions {
  /** `undefined` where the extension is absent. */
  readonly policies: ReadonlySet<string> | undefined
  /** By issuerDomainPolicy. */
  readonly mappings: ReadonlyMap<string, ReadonlySet<string>>
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
  readonly inhibitAnyPolicy: number | undefined
}

/** Throws DerError where one of the extensions has another structure. */
export function readPolicyExtensions(extensions: Extensions): PolicyExtensions {
  const elementOf = (oid: string): Der | undefined => {
    const extension = extensions.get(oid)
    return extension && readDer(extension.value)
  }
  const policies = elementOf('2.5.29.32')
  const mappings = elementOf('2.5.29.33')
  const constraints = elementOf('2.5.29.36')
  const inhibitAnyPolicy = elementOf('2.5.29.54')
  return {
    policies: policies && policiesIn(policies),
    mappings: mappings === undefined ? new Map() : mappingsIn(mappings),
    ...(constraints === undefined ? noConstraints : constraintsIn(constraints)),
    inhibitAnyPolicy: inhibitAnyPolicy && skipCertsIn(expectTag(inhibitAnyPolicy, tag.integer, 'InhibitAnyPolicy')),
  }
}

function policiesIn(element: Der): ReadonlySet<string> {
  const policies = expectTag(element, tag.sequence, 'certificatePolicies').children.map((information) => {
    const fields = new Fields(information, 'PolicyInformation')
    const policy = oidOf(fields.next(tag.oid))
    fields.optional(tag.sequence)
    fields.end()
    return policy
  })
  const distinct = new Set(policies)
  // RFC 5280 4.2.1.4: a policy stands once.
  if (policies.length === 0 || distinct.size < policies.length)
    throw new DerError('certificatePolicies: none, or one twice')
  return distinct
}

function mappingsIn(element: Der): ReadonlyMap<string, ReadonlySet<string>> {
  const mappings = new Map<string, Set<string>>()
  for (const mapping of expectTag(element, tag.sequence, 'PolicyMappings').children) {
    const fields = new Fields(mapping, 'PolicyMapping')
    const [issuerDomain, subjectDomain] = [oidOf(fields.any()), oidOf(fields.any())]
    fields.end()
    // RFC 5280 6.1.4 (a)
    if (issuerDomain === anyPolicy || subjectDomain === anyPolicy) throw new DerError('PolicyMappings: anyPolicy')
    mappings.set(issuerDomain, (mappings.get(issuerDomain) ?? new Set()).add(subjectDomain))
  }
  if (mappings.size === 0) throw new DerError('PolicyMappings: empty')
  return mappings
}

const noConstraints = { requireExplicitPolicy: undefined, inhibitPolicyMapping: undefined }

function constraintsIn(element: Der): Pick<PolicyExtensions, 'requireExplicitPolicy' | 'inhibitPolicyMapping'> {
  const fields = new Fields(element, 'PolicyConstraints')
  const [explicit, mapping] = [fields.optional(tag.contextPrimitive(0)), fields.optional(tag.contextPrimitive(1))]
  fields.end()
  if (explicit === undefined && mapping === undefined) throw new DerError('PolicyConstraints: empty')
  return {
    requireExplicitPolicy: explicit && skipCertsIn(explicit),
    inhibitPolicyMapping: mapping && skipCertsIn(mapping),
  }
}

/** SkipCerts, whatever its tag; a number beyond all paths is as good as any. */
function skipCertsIn({ contents }: Der): number {
  const [first = 0x80] = contents
  if (first >= 0x80 || (contents.length > 1 && first === 0 && (contents[1] ?? 0) < 0x80))
    throw new DerError('SkipCerts: not a number from 0 on')
  return contents.length > 4 ? Number.MAX_SAFE_INTEGER : Buffer.from(contents).readUIntBE(0, contents.length)
}

/**
 * Follows policies down a path, from below the trust anchor to the leaf (RFC 5280 6.1.3 (d) to (f), 6.1.4 and 6.1.5), with any
 * policy acceptable and none required at first. Of the graph of RFC 9618 only the last row is kept: with any policy acceptable
 * nothing else is asked of it, and a row has no more policies than the certificates name, where the tree of RFC 5280 doubles.
 */
export class PolicyProcessing {
  /** expected_policy_set of the row above, all nodes together; and whether anyPolicy is a node of it. */
  #expected: ReadonlySet<string> = new Set()
  #any = true
  #explicitPolicy: number
  #policyMapping: number
  #inhibitAnyPolicy: number

  /** `length`: how many certificates there are below the trust anchor. */
  constructor(length: number) {
    this.#explicitPolicy = this.#policyMapping = this.#inhibitAnyPolicy = length + 1
  }

  /** Takes a CA into account, nearest to the anchor first. Returns whether the path is still valid. */
  authority(extensions: PolicyExtensions, isSelfIssued: boolean): boolean {
    const row = this.#rowOf(extensions.policies, isSelfIssued)
    const valid = this.#isSatisfied(row)
    this.#map(row, extensions.mappings)
    if (!isSelfIssued) {
      this.#explicitPolicy = below(this.#explicitPolicy)
      this.#policyMapping = below(this.#policyMapping)
      this.#inhibitAnyPolicy = below(this.#inhibitAnyPolicy)
    }
    this.#explicitPolicy = Math.min(this.#explicitPolicy, extensions.requireExplicitPolicy ?? Number.MAX_SAFE_INTEGER)
    this.#policyMapping = Math.min(this.#policyMapping, extensions.inhibitPolicyMapping ?? Number.MAX_SAFE_INTEGER)
    this.#inhibitAnyPolicy = Math.min(this.#inhibitAnyPolicy, extensions.inhibitAnyPolicy ?? Number.MAX_SAFE_INTEGER)
    return valid
  }

  /** The leaf, last of all (6.1.5). Returns whether the path is valid. */
  leaf({ policies, requireExplicitPolicy }: PolicyExtensions): boolean {
    const row = this.#rowOf(policies, false)
    const valid = this.#isSatisfied(row)
    this.#explicitPolicy = requireExplicitPolicy === 0 ? 0 : below(this.#explicitPolicy)
    return valid && this.#isSatisfied(row)
  }

  /** 6.1.3 (d) and (e): the policies that are valid down to here. anyPolicy counts in intermediates that a CA gave itself. */
  #rowOf(policies: ReadonlySet<string> | undefined, isSelfIssuedAuthority: boolean): Row {
    if (policies === undefined) return { valid: new Set(), any: false }
    const named = [...policies].filter((policy) => policy !== anyPolicy && (this.#any || this.#expected.has(policy)))
    if (!policies.has(anyPolicy) || (this.#inhibitAnyPolicy === 0 && !isSelfIssuedAuthority))
      return { valid: new Set(named), any: false }
    return { valid: new Set([...named, ...this.#expected]), any: this.#any }
  }

  /** 6.1.3 (f) */
  #isSatisfied({ valid, any }: Row): boolean {
    return this.#explicitPolicy > 0 || valid.size > 0 || any
  }

  /** 6.1.4 (b): what the next certificate is expected to name. */
  #map({ valid, any }: Row, mappings: PolicyExtensions['mappings']): void {
    const unmapped = [...valid].filter((policy) => !mappings.has(policy))
    const mapped = [...mappings].filter(([issuerDomain]) => valid.has(issuerDomain) || any)
    const added = this.#policyMapping > 0 ? mapped.flatMap(([, subjectDomains]) => [...subjectDomains]) : []
    this.#expected = new Set([...unmapped, ...added])
    this.#any = any
  }
}

interface Row {
  readonly valid: ReadonlySet<string>
  readonly any: boolean
}

const below = (count: number): number => Math.max(0, count - 1)
