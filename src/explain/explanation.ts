import { z } from 'zod'
import { nearMissKinds } from '../domain/near_miss.ts'

/*
 * A decision with its reasons, in JSON: what `devapp-authz explain --json` prints. Instants in RFC 3339, `null` where there is
 * nothing.
 */

/**
 * `deny` is the decision; `would_deny` is a later check that refuses as well. `not_asked`: the policy does not ask for it.
 * `not_reached`: an earlier step left nothing to look at.
 */
export const stepOutcomes = ['pass', 'deny', 'would_deny', 'not_asked', 'not_reached'] as const
export type StepOutcome = (typeof stepOutcomes)[number]

export const stepSchema = z.object({
  name: z.string(),
  outcome: z.enum(stepOutcomes),
  /** Of the catalogue of refusals, with what the caller is told and what the log says. */
  code: z.string().nullable(),
  told: z.string().nullable(),
  detail: z.string().nullable(),
  /** What was found, in words. */
  found: z.string(),
  evidence: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
})
export type Step = z.output<typeof stepSchema>
export type StepEvidence = Step['evidence']

export const nearMissSchema = z.object({
  kind: z.enum(nearMissKinds),
  devApps: z.array(z.string()),
  sha256: z.string(),
  message: z.string(),
  cure: z.string(),
  provenIssuer: z.boolean(),
})

export const decisionSchema = z.object({
  /** `shadowed`: refused, and let pass by shadow mode. */
  kind: z.enum(['allow', 'deny', 'shadowed']),
  /** `allow`, or the code of the refusal, enforced or not. */
  code: z.string(),
  /** Of the answer; `null` where the API itself answers. */
  status: z.number().nullable(),
})

export const answerSchema = z.object({
  status: z.number().nullable(),
  /** Of the refusal; of an allowed request, those that the API gets. */
  headers: z.record(z.string(), z.string()),
  /** Request headers that the API does not get. */
  removed: z.array(z.string()),
  body: z.string().nullable(),
})
export type Answer = z.output<typeof answerSchema>

export const explanationSchema = z.object({
  /** As of when it was judged. */
  at: z.string(),
  policy: z.string().nullable(),
  decision: decisionSchema,
  steps: z.array(stepSchema),
  nearMisses: z.array(nearMissSchema),
  /** Why a caller does not get as far as the answer: what Envoy refuses in the handshake comes without a word. */
  handshake: z.string().nullable(),
  /** What a caller would get. */
  answer: answerSchema,
})
export type Explanation = z.output<typeof explanationSchema>
