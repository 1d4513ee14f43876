import { z } from 'zod'
import type { Rules } from '../domain/policy.ts'
import type { ReadAttributes } from '../envoy/check_request_json.ts'
import type { CheckSettings } from '../envoy/check_settings.ts'
import { explainedRequest } from '../envoy/explained_request.ts'
import { PresentedCertificates } from '../envoy/presented_certificates.ts'
import { type Explanation, explanationSchema } from '../explain/explanation.ts'
import type { RevocationFacts } from '../explain/revocation_finding.ts'
import type { RecentDenial, RecentDenials } from '../ops/recent_denials.ts'
import type { Ports } from '../ports.ts'
import { registrationsIn } from '../registry/registrations.ts'
import type { RegistrySnapshot } from '../registry/registry.ts'
import type { KnownOfSubject } from '../revocation/revocation.ts'
import { type Operation, operation, Refusal } from './operation.ts'

const clientKey = z.string().regex(/^[\x21-\x39\x3b-\x7e]{1,256}$/)

export const explainRequest = z
  .strictObject({
    policy: z.string().min(1).max(63).meta({ description: 'The policy that the route names.' }),
    certificate: z.string().max(40_000).optional().meta({
      description: 'The client certificate, its first one in PEM. Default: that of the refusal, or none.',
    }),
    denial: z.int().min(1).max(999_999_999_999_999).optional().meta({
      description:
        'The number of a recent refusal, whose certificate, host and ClientKey count where nothing else is said.',
    }),
    host: z.string().min(1).max(255).optional().meta({
      description: "SNI and Host. Default: the refusal's, or where the policy's APIs are served.",
    }),
    basic: clientKey.optional().meta({ description: 'The ClientKey of HTTP Basic. Its secret is taken as right.' }),
    clientKey: clientKey.optional().meta({ description: 'The header x-client-key.' }),
  })
  .meta({ title: 'ExplainRequest' })
export type ExplainRequest = z.output<typeof explainRequest>

export const explanationDocument = explanationSchema.meta({ title: 'Explanation' })
export type ExplanationDocument = Explanation

export interface ExplainParts {
  readonly rules: () => Rules & Pick<CheckSettings, 'typeBase'>
  /** As requests have them: what is not remembered is asked for, and waited for as long as a request waits. */
  readonly ports: Ports
  readonly snapshot: () => RegistrySnapshot | undefined
  readonly registryName: string
  readonly known: (certificate: Parameters<Ports['revocation']['statusOf']>[0]) => readonly KnownOfSubject[]
  readonly denials: RecentDenials
}

/** Why a certificate is allowed or refused, step by step. */
export function explainOperations(parts: ExplainParts): readonly Operation[] {
  return [
    operation({
      ...{ method: 'POST', path: '/api/v1/explain', id: 'explain', tag: 'Explain' },
      summary: 'Decides about a request as the service would, and says what each step found. Nothing is changed.',
      body: explainRequest,
      problems: [404],
      document: explanationDocument,
      answer: async ({ body }) => {
        const denial = body.denial === undefined ? undefined : parts.denials.get(body.denial)
        if (body.denial !== undefined && denial === undefined)
          return new Refusal(404, 'That refusal has made room for later ones.')
        const explanation = await explained(attributesOf(body, denial, parts.rules()), parts)
        return explanation ?? new Refusal(404, 'That policy is for trying certificates: name that of an API.')
      },
    }),
  ]
}

/** Stands where a secret would, and is never checked. */
const noSecret = 'not-given'

function attributesOf(body: ExplainRequest, denial: RecentDenial | undefined, rules: Rules): ReadAttributes {
  const { presented } = denial ?? {}
  const basic = body.basic ?? presented?.clientKey
  const der = presented?.certificate
  const pem = body.certificate ?? (der && pemText(der))
  const channel = rules.policies.get(body.policy)?.channel ?? 'mtls'
  const host = body.host ?? presented?.host ?? rules.hostnames.advertised(channel)
  return {
    ...{ policy: body.policy, host, sni: body.host ?? presented?.sni ?? host },
    headers: {
      ...(basic !== undefined && { authorization: `Basic ${Buffer.from(`${basic}:${noSecret}`).toString('base64')}` }),
      ...(body.clientKey !== undefined && { 'x-client-key': body.clientKey }),
    },
    certificate: pem === undefined ? undefined : encodeURIComponent(firstPem(pem)),
  }
}

const pemText = (der: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`

/** As Envoy sends it, unread: what cannot be read is the service's to say. Half a surrogate pair has no place in a URL. */
function firstPem(text: string): string {
  const found = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/.exec(text)?.[0]
  return (found ?? (text.trim() || 'empty')).replace(/\p{Cs}/gu, '?')
}

function explained(attributes: ReadAttributes, parts: ExplainParts): Promise<Explanation | undefined> {
  const snapshot = parts.snapshot()
  const said =
    snapshot === undefined
      ? `${parts.registryName}: nothing was read yet`
      : `${parts.registryName}: ${snapshot.devApps.length} DevApps`
  return explainedRequest(attributes, {
    rules: parts.rules(),
    ports: {
      ...parts.ports,
      secrets: { verify: (devApp) => devApp !== undefined },
      // Nothing is counted of who looks.
      trials: { ...parts.ports.trials, admit: () => ({ admitted: true }) },
    },
    ...{ snapshot, registry: said, registrations: snapshot && registrationsIn(snapshot) },
    certificates: new PresentedCertificates((der) => snapshot?.registeredLeaf(der)),
    circumstances: ({ evidence }) => ({
      secretChecked: false,
      revocation:
        evidence?.identity.binding.status === 'registered'
          ? parts.known(evidence.identity.binding.certificate).map(factsOf)
          : [],
    }),
  })
}

function factsOf({ subject, answer, crl, lastFailure }: KnownOfSubject): RevocationFacts {
  const { addresses, certificate } = subject
  const responders = addresses.status === 'named' ? addresses.responders : []
  const byCrl = answer === undefined && crl !== undefined
  return {
    subject: certificate.subject,
    responders: responders.map(({ href }) => href),
    tried:
      lastFailure === undefined
        ? []
        : [`the last inquiry failed, ${lastFailure.at.toISOString()}: ${lastFailure.cause}`],
    nextUpdate: byCrl ? crl.nextUpdate : answer?.nextUpdate,
    saidBy: byCrl ? crl.location : answer && `${responders[0]?.href ?? 'a responder'}, signed by ${answer.responder}`,
  }
}
