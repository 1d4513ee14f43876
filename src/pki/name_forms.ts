import { DerError } from './der.ts'
import type { GeneralName } from './general_name.ts'
import { isWithin } from './name_match.ts'

type Kind = GeneralName['kind']
type Of<K extends Kind> = GeneralName & { readonly kind: K }

/** How names of a kind are compared with the base of a subtree (RFC 5280 4.2.1.10). */
interface NameForm {
  /** Throws DerError on a base that no name of the kind could be compared with. */
  readonly checkBase: (base: GeneralName) => void
  /** Whether the name says what the base is about. */
  readonly isComparable: (name: GeneralName) => boolean
  readonly isWithin: (name: GeneralName, base: GeneralName) => boolean
  /** Whether anything that the name stands for is within the base: what must not be, where the base is excluded. */
  readonly overlaps: (name: GeneralName, base: GeneralName) => boolean
}

/** Other kinds are not understood. */
export const nameForms: Readonly<Partial<Record<Kind, NameForm>>> = {
  directory: form('directory', {
    isWithin: (name, base) => isWithin(name.name, base.name),
  }),
  dns: form('dns', {
    checkBase: ({ text }) => checkHost(text),
    isComparable: ({ text }) => /^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(text),
    isWithin: (name, base) => isHostWithin(name.text, base.text),
    overlaps: (name, base) => isHostWithin(name.text, base.text) || isOneOfWildcard(base.text, name.text),
  }),
  email: form('email', {
    checkBase: ({ text }) => checkMailboxes(text),
    isComparable: ({ text }) => isAscii(text) && /^([^@"]+|"[^"]+")@[^@]+$/.test(text),
    isWithin: (name, base) => isMailboxWithin(name.text, base.text),
  }),
  uri: form('uri', {
    checkBase: ({ text }) => checkHost(text),
    isComparable: ({ text }) => hostOf(text) !== undefined,
    isWithin: (name, base) => isExactHostOrBelow(hostOf(name.text) ?? '', base.text),
  }),
  ip: form('ip', {
    checkBase: ({ octets }) => checkNetwork(octets),
    isComparable: ({ octets }) => octets.length === 4 || octets.length === 16,
    isWithin: (name, base) => isInNetwork(name.octets, base.octets),
  }),
}

interface FormOf<K extends Kind> {
  readonly checkBase?: (base: Of<K>) => void
  readonly isComparable?: (name: Of<K>) => boolean
  readonly isWithin: (name: Of<K>, base: Of<K>) => boolean
  readonly overlaps?: (name: Of<K>, base: Of<K>) => boolean
}

function form<K extends Kind>(
  kind: K,
  { checkBase, isComparable, isWithin, overlaps = isWithin }: FormOf<K>,
): NameForm {
  const is = (name: GeneralName): name is Of<K> => name.kind === kind
  return {
    checkBase: (base) => {
      if (is(base)) checkBase?.(base)
    },
    isComparable: (name) => is(name) && (isComparable?.(name) ?? true),
    isWithin: (name, base) => is(name) && is(base) && isWithin(name, base),
    overlaps: (name, base) => is(name) && is(base) && overlaps(name, base),
  }
}

/** The empty text is every host; a period in front, as writers of constraints use it, means hosts below only. */
function checkHost(text: string): void {
  if (!/^\.?([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)?$/.test(text)) throw new DerError('a constraint that names no host')
}

/** One mailbox, or all those of hosts. */
function checkMailboxes(text: string): void {
  const [local, host] = mailboxParts(text)
  if (text.includes('@') && (local.includes('@') || host === '' || host.startsWith('.')))
    throw new DerError('a constraint that names no mailbox')
  checkHost(host)
}

/** Zero or more labels to the left. */
function isHostWithin(host: string, base: string): boolean {
  if (base === '') return true
  const [name, end] = [lowerCase(host), lowerCase(base)]
  if (end.startsWith('.')) return name.endsWith(end)
  return name === end || name.endsWith(`.${end}`)
}

/** Whether the host is one of those that `*.example.com` stands for: one label more. */
function isOneOfWildcard(host: string, name: string): boolean {
  return name.startsWith('*.') && lowerCase(host.replace(/^[^.]+/, '*')) === lowerCase(name)
}

/** The host itself, or with a period in front any host below (for URIs, and for the hosts of mailboxes). */
function isExactHostOrBelow(host: string, base: string): boolean {
  if (base === '') return true
  const [name, end] = [lowerCase(host), lowerCase(base)]
  return end.startsWith('.') ? name.endsWith(end) && name.length > end.length : name === end
}

/** A base with @ is one mailbox, whose local part is compared as it is (RFC 5321 2.4); with nothing before it, it means the host. */
function isMailboxWithin(mailbox: string, base: string): boolean {
  const [local, host] = mailboxParts(mailbox)
  if (!base.includes('@')) return isExactHostOrBelow(host, base)
  const [baseLocal, baseHost] = mailboxParts(base)
  return (baseLocal === '' || local === baseLocal) && lowerCase(host) === lowerCase(baseHost)
}

function mailboxParts(mailbox: string): [local: string, host: string] {
  const at = mailbox.lastIndexOf('@')
  return [mailbox.slice(0, at), mailbox.slice(at + 1)]
}

/** The host of an absolute URI (RFC 3986 3.2), where it is a DNS name: an address cannot be compared with one. */
function hostOf(uri: string): string | undefined {
  const [, authority = ''] = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/.exec(uri) ?? []
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '')
  const named = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?$/.test(host) && !/^\d+(\.\d+){3}$/.test(host)
  return named ? host.replace(/\.$/, '') : undefined
}

/** An address and a mask of the same length (RFC 4632): ones first, then zeros. */
function checkNetwork(octets: Uint8Array): void {
  if (octets.length !== 8 && octets.length !== 32) throw new DerError('a constraint that is no network')
  const mask = octets.subarray(octets.length / 2)
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  if (!/^1*0*$/.test(bits)) throw new DerError('a network whose mask has gaps')
}

function isInNetwork(address: Uint8Array, network: Uint8Array): boolean {
  const { length } = address
  return (
    network.length === 2 * length &&
    address.every((octet, i) => {
      const mask = network[length + i] ?? 0
      return (octet & mask) === ((network[i] ?? 0) & mask)
    })
  )
}

const isAscii = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)
const lowerCase = (text: string): string => text.toLowerCase()
