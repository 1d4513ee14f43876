import { createHash } from 'node:crypto'
import type { InnerList } from 'structured-headers'
import { alwaysCovered, type MessageSignaturesPolicy, type PublicKey, type SignedParts } from '../domain/signature.ts'
import { isSignedWith } from './algorithms.ts'
import { contentDigestHeader, contentDigestVerdict } from './content_digest.ts'
import { signatureBase } from './signature_base.ts'
import {
  type SignatureFields,
  type SignatureParameters,
  signatureFields,
  signatureHeader,
  signatureInputHeader,
} from './signature_fields.ts'
import type { Verification } from './verification.ts'

type Failure = Exclude<Verification, { status: 'holds' }>

/**
 * Verifies a signature by RFC 9421 3.2 with the DevApp's keys, and `Content-Digest` by RFC 9530. The algorithm is the key's: a
 * signature that names another one is not of it. Never throws.
 */
export function verifyMessageSignature(
  parts: SignedParts,
  keys: readonly PublicKey[],
  policy: MessageSignaturesPolicy,
  at: Date,
): Verification {
  const [input, written] = [parts.headers[signatureInputHeader], parts.headers[signatureHeader]]
  if (input === undefined || written === undefined) return { status: 'missing' }
  const fields = signatureFields(input, written)
  if ('cause' in fields) return { status: 'malformed', cause: fields.cause }
  const { covered, parameters, signature } = fields
  const refusal =
    unreadableComponent(covered, parts, policy) ??
    incomplete(fields, parts, policy) ??
    untimely(parameters, policy, at) ??
    otherBody(covered, parts)
  const key = keys.find(({ id }) => id === parameters.keyid)
  const base = signatureBase(parts, covered)
  const seen = {
    signature,
    keys: key === undefined ? [] : [key],
    ...(base.status === 'built' && { signed: base.text }),
  }
  if (refusal !== undefined) return { ...refusal, ...seen }
  if (base.status !== 'built')
    return base.status === 'absent'
      ? { status: 'invalid', cause: `it covers ${base.name}, which the request does not have` }
      : { status: 'malformed', cause: `it covers ${base.name}` }
  if (key === undefined) return { status: 'invalid', cause: 'no key of the DevApp has its keyid', ...seen }
  if (parameters.alg !== undefined && parameters.alg !== key.algorithm)
    return { status: 'invalid', cause: `its alg is not that of the key, ${key.algorithm}`, ...seen }
  const signed = Buffer.from(base.text, 'utf8')
  if (!isSignedWith(key, signed, signature))
    return { status: 'invalid', cause: `it is not of this request and the key ${key.id}`, ...seen }
  return {
    ...{ status: 'holds', key, ...seen, signed: base.text },
    mark: markOf(parameters, signed),
    repeatableMs: Math.max(1, endMsOf(parameters, policy) - at.getTime()),
  }
}

/** A component that is not taken, or whose value may not be what the upstream gets. */
function unreadableComponent(
  [components]: InnerList,
  { headers, path, query }: SignedParts,
  policy: MessageSignaturesPolicy,
): Failure | undefined {
  const names = components.map(([name, parameters]) => `${String(name)};${[...parameters].join()}`)
  if (new Set(names).size < names.length) return { status: 'malformed', cause: 'it covers a component twice' }
  for (const [name] of components) {
    if (typeof name !== 'string' || name.startsWith('@') || name === contentDigestHeader) continue
    if (!policy.headers.has(name))
      return { status: 'malformed', cause: `it covers a header that signature.headers does not name: ${name}` }
    // Envoy joins what came several times by commas, and writes ! for bytes that are no UTF-8.
    if (!/^[\t\x20\x22-\x2b\x2d-\x7e]*$/.test(headers[name] ?? ''))
      return {
        status: 'malformed',
        cause: `a comma, ! or a character outside of printable ASCII in the value of ${name}`,
      }
  }
  return unreadableTarget(path + query)
}

/** Envoy writes `!` for bytes that are no UTF-8 in what it hands over, and passes them on as they are. */
export function unreadableTarget(target: string): Failure | undefined {
  return /^[\x21-\x7e]*$/.test(target) && !target.includes('!')
    ? undefined
    : { status: 'malformed', cause: '! or a character outside of ASCII in the URL' }
}

function incomplete({ covered, parameters }: SignatureFields, { body }: SignedParts, policy: MessageSignaturesPolicy) {
  const names = new Set(covered[0].map(([name, { size }]) => (size === 0 ? name : undefined)))
  const wanted = [...alwaysCovered, ...policy.components, ...(body.length > 0 ? [contentDigestHeader] : [])]
  const wantedParameters = ['created', 'keyid', ...(policy.nonce === 'required' ? ['nonce'] : [])] as const
  const missing = [
    ...wanted.filter((name) => !names.has(name)),
    ...wantedParameters.filter((name) => parameters[name as keyof SignatureParameters] === undefined),
  ]
  return missing.length === 0 ? undefined : ({ status: 'incomplete', components: [...new Set(missing)] } as const)
}

/** RFC 9421 2.3 and 7.2.2; both ends are whole seconds. */
function untimely({ created = 0, expires }: SignatureParameters, policy: MessageSignaturesPolicy, at: Date) {
  const { maxAgeMs, skewMs } = policy
  const [now, judged] = [at.getTime(), `judged at ${at.toISOString()}`]
  const expired = (cause: string) => ({ status: 'expired', cause: `${cause}, ${judged}` }) as const
  if (created * 1_000 > now + skewMs) return expired(`created=${created} lies ahead`)
  if (created * 1_000 + maxAgeMs + skewMs <= now) return expired(`created=${created} is too old`)
  if (expires !== undefined && expires * 1_000 + skewMs <= now) return expired(`expires=${expires} has passed`)
  return undefined
}

const endMsOf = ({ created = 0, expires }: SignatureParameters, policy: MessageSignaturesPolicy): number =>
  Math.min(created * 1_000 + policy.maxAgeMs, (expires ?? Number.POSITIVE_INFINITY) * 1_000) + policy.skewMs

function otherBody([components]: InnerList, { headers, body }: SignedParts): Failure | undefined {
  const header = headers[contentDigestHeader]
  if (header === undefined || !components.some(([name]) => name === contentDigestHeader)) return undefined
  const verdict = contentDigestVerdict(header, body)
  switch (verdict.status) {
    case 'matches':
      return undefined
    case 'malformed':
      return verdict
    case 'differs':
      return { status: 'invalid', cause: `Content-Digest is not that of the body of ${body.length} bytes` }
  }
}

/** The nonce where there is one, since signing again makes another signature of the same text; else the text. */
function markOf({ nonce }: SignatureParameters, signed: Buffer): Uint8Array {
  const mark = createHash('sha256')
  return (nonce === undefined ? mark.update('text\0').update(signed) : mark.update('nonce\0').update(nonce)).digest()
}
