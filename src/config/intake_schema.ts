import { keys, list, read, text } from './values.ts'

const sha256 = read(
  'a SHA-256 in hex',
  'write its 64 digits, without colons: openssl pkey -pubin -outform DER and sha256sum make it of a public key',
  { title: 'SHA-256 in hex', type: 'string', pattern: '^[0-9A-Fa-f]{64}$' },
  (written) => (typeof written === 'string' && /^[0-9A-Fa-f]{64}$/.test(written) ? written.toLowerCase() : undefined),
)

export const refusedIssuerSchema = keys({
  organization: text.optional().meta({
    description: "The organization (O) in the CA's name; case and superfluous spaces do not count.",
    examples: ["Let's Encrypt"],
  }),
  key_sha256: sha256.optional().meta({
    description:
      "SHA-256 of the CA's SubjectPublicKeyInfo, in hex: it holds whatever the CA calls itself, and whoever cross-signs it.",
  }),
})

export const intakeSchema = keys({
  accepted_roots: text.optional().meta({
    description:
      "A PEM file, or a folder of `.pem`, `.crt` and `.cer` files: roots that are accepted beside Mozilla's, which Node.js bundles. A root counts by its name and key, also when it was issued anew.",
    examples: ['roots/'],
  }),
  refused_issuers: list(refusedIssuerSchema).optional().meta({
    description:
      "CAs, issuing ones or roots, whose certificates are not accepted. Default: Let's Encrypt, by name and by the keys of its roots; a list takes its place, and `[]` refuses none.",
  }),
})
