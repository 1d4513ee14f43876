import { z } from 'zod'
import { count, instant } from './values.ts'

const findingDocument = z.object({
  /** Of docs/intake.md, never renamed. */
  code: z.string(),
  /** Where the certificate stands in the file, from 1. */
  position: z.int().min(1).nullable(),
  subject: z.string().nullable(),
  message: z.string(),
  cure: z.string(),
})
export type FindingDocument = z.output<typeof findingDocument>

export const chainReportDocument = z
  .object({
    at: instant,
    accepted: z.boolean(),
    /** Whether the issuer was asked about revocation. */
    issuerAsked: z.boolean(),
    problems: z.array(findingDocument),
    warnings: z.array(findingDocument),
    /** The certificates in the order of the file. */
    given: z.array(
      z.object({
        position: count,
        role: z.enum(['leaf', 'intermediate', 'root', 'repeated', 'extra']),
        ...{ subject: z.string(), issuer: z.string(), commonName: z.string() },
        ...{ serialNumber: z.string(), sha256: z.string() },
        ...{ notBefore: instant, notAfter: instant },
      }),
    ),
    /** By position, the leaf first; `missing` stands where an issuer is to be added. */
    order: z.array(z.union([z.object({ position: count }), z.object({ missing: z.string() })])),
    /** The chain in PEM in its right order, where the file holds a whole one. */
    rightOrder: z.string().nullable(),
    /** What to write to the third party. */
    letter: z.string(),
  })
  .meta({ title: 'ChainReport' })
export type ChainReportDocument = z.output<typeof chainReportDocument>

/** A file with one more octet than is accepted is told to be too large. */
export const maxFileBase64 = 90_000

const file = z
  .base64()
  .max(maxFileBase64)
  .meta({ description: 'The file as it is, in base64; of a large one the first 64 KiB and one more octet.' })

export const publicChainRequest = z.strictObject({ file }).meta({ title: 'PublicChainRequest' })

export const chainRequest = z
  .strictObject({
    file,
    askIssuer: z.boolean().default(false).meta({
      description: 'Whether to ask the issuer about revocation, where nothing else is wrong.',
    }),
  })
  .meta({ title: 'ChainRequest' })
