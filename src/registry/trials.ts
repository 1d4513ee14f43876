import type { Certificate } from '../domain/certificate.ts'
import type { ChainFinding } from '../domain/chain.ts'
import type { DevApp } from '../domain/devapp.ts'
import type { Registration } from '../domain/near_miss.ts'
import { DerError } from '../pki/der.ts'
import { preparedNameText } from '../pki/name_match.ts'
import { pathProblems } from '../pki/path_problem.ts'
import { type PathFinding, trustedPath } from '../pki/trusted_path.ts'
import type { Trials } from '../ports.ts'
import { registrationsIn } from './registrations.ts'
import type { RegistrySnapshot } from './registry.ts'
import { trustedAuthorities } from './truststore.ts'

/** Tries certificates against the DevApps in force, and the CAs that are in Envoy's trust store by them. */
export function trialsOver(snapshot: () => RegistrySnapshot | undefined): Pick<Trials, 'chainOf' | 'registrations'> {
  return {
    chainOf: (leaf, sent, at) => {
      const authorities = authoritiesOf(snapshot()?.devApps ?? [])
      const anchorsNamed = (subjectDer: string) => authorities.get(nameKey(subjectDer)) ?? []
      return findingOf(trustedPath({ leaf, sent, anchorsNamed, at }))
    },
    registrations: () => {
      const current = snapshot()
      return current && { ...registrationsIn(current), alike: (leaf) => foundByLookup(current, leaf) }
    },
  }
}

/**
 * What the lookups of the request path find, however many certificates there are: the one of the same serial number and name, or
 * the one that this likely renews. Others could be told to nobody who tries a certificate, or cost a look at every one.
 */
function foundByLookup(snapshot: RegistrySnapshot, leaf: Certificate): readonly Registration[] {
  const binding = snapshot.bindingOf(leaf)
  switch (binding.status) {
    case 'differs':
    case 'other_issuer': {
      const beside = snapshot.bindingOf(binding.registered)
      return beside.status === 'registered' ? [beside] : []
    }
    case 'unregistered':
      return binding.likelyRenewalOf === undefined ? [] : [binding.likelyRenewalOf]
    case 'registered':
    case 'not_presented':
      return []
  }
}

function findingOf(found: PathFinding): ChainFinding {
  const path = found.path.map(({ subject }) => subject || 'a CA without a name')
  switch (found.status) {
    case 'valid':
      return { status: 'trusted', path: path.slice(1) }
    case 'invalid':
      return { status: 'untrusted', reason: `${path[found.problem.index]}: ${wordsOf(found.problem)}` }
    case 'open':
      return { status: 'untrusted', reason: `it leads as far as ${found.path.at(-1)?.issuer}, which is not trusted` }
  }
}

function wordsOf({ code, detail }: Extract<PathFinding, { status: 'invalid' }>['problem']): string {
  const words = detail === '' ? code : `${code} (${detail})`
  return `${words.replaceAll('_', ' ')}, RFC 5280 ${pathProblems[code]}`
}

type AuthoritiesByName = ReadonlyMap<string, readonly Certificate[]>

/** Made once for the DevApps in force, which are replaced as a whole. */
const indexed = new WeakMap<readonly DevApp[], AuthoritiesByName>()

function authoritiesOf(devApps: readonly DevApp[]): AuthoritiesByName {
  const known = indexed.get(devApps)
  if (known !== undefined) return known
  const byName = new Map<string, Certificate[]>()
  for (const authority of trustedAuthorities(devApps)) {
    const name = nameKey(authority.subjectDer)
    byName.set(name, [...(byName.get(name) ?? []), authority])
  }
  indexed.set(devApps, byName)
  return byName
}

/** The same for names that are equal (RFC 5280 7.1); what is no such name equals only itself. */
function nameKey(subjectDer: string): string {
  try {
    return preparedNameText(subjectDer)
  } catch (cause) {
    if (cause instanceof DerError) return subjectDer
    throw cause
  }
}
