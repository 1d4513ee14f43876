import { type Document, isMap, isScalar, isSeq, type Node, Scalar, type YAMLMap, YAMLSeq } from 'yaml'
import type { ClientSecret, DevApp, RegisteredCertificate } from '../../domain/devapp.ts'
import type { PublicKey } from '../../domain/signature.ts'
import { pemOf } from '../../pki/certificate.ts'
import { publicKeyPem } from '../../pki/public_key.ts'

/** The name under which the file has the CAs of a chain. */
export type NameOfChain = (registered: RegisteredCertificate) => string

export interface Writing {
  readonly before: DevApp | undefined
  readonly after: DevApp
  readonly nameOf: NameOfChain
}

/**
 * Writes a DevApp into its node of a YAML document. What is as it was `before` stays as it was written, with its comments; without
 * `before`, the node is to be empty.
 */
export function writeDevApp(document: Document, node: YAMLMap, { before, after, nameOf }: Writing): void {
  const write = (key: string, was: string | undefined, value: string): void => {
    if (value !== was) setScalar(node, key, value)
  }
  write('id', before?.id, after.id)
  write('name', before?.name, after.name)
  write('environment', before?.environment ?? 'production', after.environment)
  write('status', before?.status ?? 'enabled', after.status)
  write('client_key', before?.clientKey, after.clientKey)
  writeList(node, 'client_secrets', before?.clientSecrets, after.clientSecrets, {
    isSame: (a, b) => a.hash === b.hash,
    create: (secret) => secretNode(document, secret),
    update: setEnd,
  })
  writeList(node, 'products', [...(before?.products ?? [])], [...after.products], {
    isSame: (a, b) => a === b,
    create: textNode,
  })
  writeList(node, 'certificates', before?.certificates, after.certificates, {
    isSame: isSameCertificate,
    create: (registered) =>
      nodeOf(document, { leaf: pemNode([registered.leaf]), issuer: textNode(nameOf(registered)) }),
  })
  writeList(node, 'public_keys', before?.publicKeys, after.publicKeys, {
    isSame: (a, b) => a.id === b.id && a.algorithm === b.algorithm && a.sha256 === b.sha256,
    create: (key) => publicKeyNode(document, key),
  })
  writeLabels(document, node, before?.labels ?? {}, after.labels)
}

/** Whether they are the same bytes, from the leaf to the root. */
export function isSameCertificate(a: RegisteredCertificate, b: RegisteredCertificate): boolean {
  const fingerprints = ({ leaf, chain }: RegisteredCertificate): string =>
    [leaf, ...chain].map(({ sha256 }) => sha256).join()
  return fingerprints(a) === fingerprints(b)
}

/** Certificates as a block of PEM. */
export function pemNode(certificates: readonly RegisteredCertificate['leaf'][]): Scalar<string> {
  return blockNode(certificates.map(pemOf).join(''))
}

function blockNode(text: string): Scalar<string> {
  const node = new Scalar(text)
  node.type = 'BLOCK_LITERAL'
  return node
}

function publicKeyNode(document: Document, key: PublicKey): YAMLMap {
  const { id, algorithm } = key
  return nodeOf(document, { id: textNode(id), algorithm: textNode(algorithm), key: blockNode(publicKeyPem(key)) })
}

function secretNode(document: Document, secret: ClientSecret): YAMLMap {
  const node = nodeOf(document, { hash: textNode(secret.hash) })
  setEnd(node, secret)
  return node
}

function setEnd(node: Node, { notAfter }: ClientSecret): void {
  if (!isMap(node)) return
  if (notAfter === undefined) node.delete('not_after')
  else setScalar(node, 'not_after', notAfter.toISOString().replace('.000Z', 'Z'), 'QUOTE_DOUBLE')
}

interface Items<Value> {
  readonly isSame: (a: Value, b: Value) => boolean
  readonly create: (value: Value) => Node
  /** What an item that stays says anew. */
  readonly update?: (node: Node, value: Value) => void
}

/** Items that stay keep their nodes; a list without items is not written. */
function writeList<Value>(
  node: YAMLMap,
  key: string,
  before: readonly Value[] = [],
  after: readonly Value[],
  { isSame, create, update }: Items<Value>,
): void {
  const known = node.get(key, true)
  const list: YAMLSeq = isSeq(known) ? known : new YAMLSeq()
  const kept = before.map((value, i) => ({ value, node: list.items[i] as Node }))
  list.items = after.map((value) => {
    const at = kept.findIndex((each) => isSame(each.value, value))
    const [same] = at < 0 ? [] : kept.splice(at, 1)
    if (same === undefined) return create(value)
    update?.(same.node, value)
    return same.node
  })
  if (before.length === 0 && after.length > 0) list.flow = false
  if (after.length > 0) node.set(key, list)
  else if (before.length > 0) node.delete(key)
}

function writeLabels(document: Document, node: YAMLMap, before: DevApp['labels'], after: DevApp['labels']): void {
  const known = node.get('labels', true)
  const labels = isMap(known) ? known : nodeOf(document, {})
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) labels.delete(name)
  for (const [name, text] of Object.entries(after)) if (before[name] !== text) setScalar(labels, name, text)
  if (Object.keys(before).length === 0) labels.flow = false
  if (Object.keys(after).length > 0) node.set('labels', labels)
  else if (Object.keys(before).length > 0) node.delete('labels')
}

function setScalar(node: YAMLMap, key: string, text: string, type?: Scalar.Type): void {
  const known = node.get(key, true)
  const scalar = textNode(text, type)
  // The comment behind the old value stays.
  if (isScalar(known)) Object.assign(scalar, { comment: known.comment, spaceBefore: known.spaceBefore })
  node.set(key, scalar)
}

function textNode(text: string, type?: Scalar.Type): Scalar<string> {
  // A registry file takes nothing from the environment, and has this for the two characters.
  const node = new Scalar(text.replaceAll('${', () => '$${'))
  if (type !== undefined) node.type = type
  return node
}

function nodeOf(document: Document, entries: Readonly<Record<string, Node>>): YAMLMap {
  const node = document.createNode({}) as YAMLMap
  node.flow = false
  for (const [key, value] of Object.entries(entries)) node.set(key, value)
  return node
}
