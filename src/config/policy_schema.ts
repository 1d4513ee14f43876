import type { z } from 'zod'
import { psd2Roles } from '../domain/certificate.ts'
import { channels, credentials } from '../domain/policy.ts'
import { signatureSchema } from './signature_schema.ts'
import { count, duration, keys, list, oneOf, onFailure, text, yesOrNo } from './values.ts'

/** Also a label of metrics and a word in Envoy's configuration. */
export const policyName = /^[a-z0-9][a-z0-9_-]{0,62}$/

export const psd2Schema = keys({
  qwac: oneOf(['required', 'optional']).default('optional').meta({
    description: 'Whether the certificate must be a QWAC of a provider in `qtsps`.',
  }),
  roles: list(oneOf(psd2Roles))
    .default([])
    .meta({
      description: 'PSD2 roles that the certificate must hold (ETSI TS 119 495).',
      examples: [['PSP_AI']],
    }),
  match: oneOf(['all', 'any']).default('all').meta({ description: 'Whether all of the roles are needed, or one.' }),
})

export const rateSchema = keys({
  requests: count(1, 100_000).prefault(30).meta({
    description: 'How many requests of one source are answered `per`; an IPv6 source is a /64. Others get 429.',
  }),
  total: count(1, 1_000_000).prefault(600).meta({
    description:
      'How many of all sources together. It bounds what a flood costs this process, which also decides about APIs.',
  }),
  per: duration(1_000).prefault('1m').meta({ description: 'The time in which so many are answered, evenly.' }),
})

export const policySchema = keys({
  channel: oneOf(channels).meta({
    description: 'The kind of hostname that the APIs of this policy are served on; `try`: no API.',
  }),
  require: list(oneOf(credentials))
    .optional()
    .meta({
      description:
        'What the caller has to present; `[]` on a public API. `certificate` exactly on `mtls`. Of several, all, and of the same DevApp. Needed, except on `try`.',
      examples: [['certificate']],
    }),
  product: text.optional().meta({
    description: 'The API product that the DevApp must have selected. Default: any DevApp may call.',
    examples: ['ob-accounts'],
  }),
  psd2: psd2Schema.optional().meta({ description: 'What PSD2 asks of the certificate.' }),
  signature: signatureSchema.optional().meta({
    description: 'How requests are signed, where `require` asks for `signature`.',
  }),
  on_unavailable: onFailure.optional().meta({
    description: "When the issuer's responder does not answer. Default: `ocsp.on_unavailable`.",
  }),
  on_no_source: onFailure.optional().meta({
    description: 'When the certificate names no responder. Default: `ocsp.on_no_source`.',
  }),
  answer: oneOf(['problem', 'berlin_group']).optional().meta({
    description:
      'The form of refusals: RFC 9457, or `tppMessages`. Default: `berlin_group` where `psd2` is given, else `problem`.',
  }),
  keep_authorization: yesOrNo.default(false).meta({
    description: 'Whether the upstream sees the credentials of Basic.',
  }),
  shadow: yesOrNo.default(false).meta({
    description: 'Whether refusals are logged and counted, and not enforced. Some always are: see docs/shadow-mode.md.',
  }),
  rate: rateSchema.optional().meta({
    description: 'How often certificates may be tried, on `try` alone. Default: that of its keys.',
  }),
})

export type PolicyFile = z.output<typeof policySchema>
