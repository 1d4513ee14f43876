import { z } from 'zod'
import { count, expected, fraction, keys, secret, text, url, yesOrNo } from './values.ts'

/** RFC 9110 5.1, in the case that OTLP receivers document. */
const headerName = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/

const headersSchema = z
  .record(z.string(), secret, { error: (issue) => expected('headers by name', issue.input) })
  .refine((written) => Object.keys(written).every((name) => headerName.test(name)), {
    error: 'a name of a header that is none',
    params: { cure: 'write it in lower case, such as authorization' },
  })

export const tracingSchema = keys({
  endpoint: url(['http', 'https'], 'write http://collector:4318/v1/traces')
    .refine(({ pathname }) => pathname !== '/', {
      error: 'it has no path',
      params: { cure: 'write it in full: receivers of OTLP over HTTP take spans at /v1/traces' },
    })
    .meta({
      description:
        'Where spans are sent to by OTLP over HTTP, in protobuf: the whole URL, such as `http://127.0.0.1:4318/v1/traces`.',
    }),
  headers: headersSchema.default({}).meta({
    title: 'texts by name',
    description:
      'HTTP headers that the endpoint wants, such as `authorization`. Their values belong into the environment.',
  }),
  sample_ratio: fraction(0, 1).prefault(0.01).meta({
    description:
      'Of the requests that belong to no trace yet, the part that is traced. Of the others, whoever began the trace has decided.',
  }),
  trust_clients: yesOrNo.default(false).meta({
    description:
      'Whether the `traceparent` of a request is the parent of its span. Only where a proxy of your own in front of Envoy writes it: otherwise every caller decides what is traced. See docs/tracing.md.',
  }),
  service_name: text.default('devapp-authz').meta({ description: 'The `service.name` of the spans.' }),
  queue: count(1, 100_000).prefault(2_048).meta({
    description: 'Spans that may wait to be sent. More are dropped and counted.',
  }),
})
