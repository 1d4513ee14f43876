import type { ChainFinding } from './chain_report.ts'

interface Entry {
  /** What was found; words in braces are filled in. */
  readonly message: string
  /** What the third party does about it, a sentence. */
  readonly cure: string
}

const entry = <const Message extends string, const Cure extends string>(message: Message, cure: Cure) => ({
  message,
  cure,
})

const wholeChain = 'Ask the issuer for the whole chain, and send it in PEM: the leaf first, the root last.'
const newCertificate = 'Order a new certificate, and send its whole chain.'
const anotherCa = 'The CA has made a mistake that only it can mend: order a certificate from another one.'
const convert = 'Send the chain as text: -----BEGIN CERTIFICATE----- blocks, the leaf first, the root last.'

/** Everything for which a chain is refused. A code is never renamed. */
export const chainProblems = {
  file_too_large: entry('The file has more than {limit}.', `Leave everything but the chain out. ${convert}`),
  too_many_certificates: entry(
    'There are {count} certificates in the file, more than {limit}.',
    'Send one chain: the leaf, its issuers, the root.',
  ),
  private_key: entry(
    'There is a private key in the file. It was neither kept nor shown.',
    'Treat the key as leaked: make a new one, have the certificate issued anew and the old one revoked. Send certificates only.',
  ),
  not_pem: entry('The file holds no certificate in PEM{hint}.', convert),
  is_der: entry(
    'The file is a certificate in DER, and not in PEM.',
    'Convert it with openssl x509 -inform DER, and add the certificates of its issuers up to the root.',
  ),
  is_pkcs7: entry(
    'The file is PKCS#7, and not a chain in PEM.',
    'Convert it with openssl pkcs7 -print_certs (and -inform DER where it is binary), and send what that prints.',
  ),
  is_pkcs12: entry(
    'The file is PKCS#12, which as a rule holds the private key. It was not kept.',
    'Treat the key as leaked if it was in it: have the certificate issued anew for a new key. Send certificates only, from openssl pkcs12 -nokeys.',
  ),
  is_csr: entry(
    'The file is a request for a certificate (CSR), and not a certificate.',
    'Send the request to a CA, and the chain that it gives you here.',
  ),
  block_unexpected: entry('There is a block of {label} in the file.', 'Send blocks of CERTIFICATE only.'),
  block_damaged: entry('A PEM block cannot be read: {reason}.', 'Copy the block again, from BEGIN to END.'),
  certificate_unreadable: entry('This is no X.509 certificate that can be read: {reason}.', newCertificate),

  order_reversed: entry(
    'The chain stands upside down. The right order is {order}.',
    'Send the leaf first and the root last.',
  ),
  order_wrong: entry(
    'The chain is not in its order. The right order is {order}.',
    'Send the leaf first, each issuer after what it issued, the root last.',
  ),
  certificate_repeated: entry('This is the certificate of position {first} once more.', 'Send each certificate once.'),
  certificate_extra: entry(
    'This certificate is no part of the chain.',
    'Leave it out: send one chain, and nothing else.',
  ),
  missing_intermediate: entry(
    'The certificate of its issuer is missing: {issuer}.',
    'Add the missing certificate after this one: the CA offers it beside the certificate itself.',
  ),
  missing_root: entry(
    'The root at the end of the chain is missing: {issuer}.',
    'Add the self-signed certificate of the root as the last one.',
  ),
  root_not_accepted: entry(
    'The root is not one of those that are accepted here.',
    'Order a certificate from a CA that Mozilla accepts, or ask the operator whether yours can be added.',
  ),
  self_signed_leaf: entry(
    'The certificate signed itself; no CA did.',
    'Order a certificate from a CA that is accepted here, and send its whole chain.',
  ),
  issuer_refused: entry('Certificates of this issuer are not accepted here.', 'Order a certificate from another CA.'),

  expired: entry('The certificate expired on {notAfter}.', newCertificate),
  not_yet_valid: entry('The certificate is not valid before {notBefore}.', 'Send the chain again from then on.'),
  common_name_missing: entry(
    'The subject has no common name.',
    'Order a certificate with exactly one common name (CN).',
  ),
  common_name_repeated: entry(
    'The subject has {count} common names.',
    'Order a certificate with exactly one common name (CN).',
  ),
  serial_zero: entry('The serial number is zero.', anotherCa),
  serial_negative: entry('The serial number is negative.', anotherCa),
  serial_too_long: entry('The serial number has {octets} octets, more than 20.', anotherCa),
  key_weak: entry(
    'The key is too weak: {key}.',
    'Have a certificate issued for an RSA key of 2048 bits or more, or an EC key on P-256 or P-384, by a CA with such keys.',
  ),
  key_unsupported: entry(
    'The gateway cannot use the key: {key}.',
    'Have a certificate issued for an RSA key of 2048 bits or more, or an EC key on P-256 or P-384.',
  ),
  key_usage: entry(
    'The key may not sign, which a TLS client has to do: keyUsage lacks digitalSignature.',
    'Order a certificate with keyUsage digitalSignature.',
  ),
  not_for_client_authentication: entry(
    'The certificate is not for client authentication: extendedKeyUsage lacks clientAuth.',
    'Order a TLS client certificate, with clientAuth (1.3.6.1.5.5.7.3.2) in its extendedKeyUsage; anyExtendedKeyUsage is not enough.',
  ),
  issuer_not_for_client_authentication: entry(
    'The CA may not issue certificates for client authentication: its extendedKeyUsage lacks clientAuth.',
    'Order a TLS client certificate from a CA that issues such.',
  ),

  signature_invalid: entry(
    'The signature does not verify with the key of {issuer}.',
    `The certificate was changed, or the issuer has another certificate with this name. ${wholeChain}`,
  ),
  signature_unsupported: entry('The algorithm of the signature is not supported.', newCertificate),
  key_identifier_mismatch: entry(
    'The certificate names another certificate of {issuer} than the one above it: the key identifiers differ.',
    `The gateway's TLS would find no issuer. ${wholeChain}`,
  ),
  signature_weak: entry(
    'The signature rests on a broken algorithm, {algorithm}.',
    'Order a certificate signed with SHA-256 or better.',
  ),
  version_too_old: entry(
    'An issuer has a certificate of version {version}, which cannot say that it is a CA.',
    wholeChain,
  ),
  not_ca: entry('The issuer is no CA: basicConstraints does not say so.', wholeChain),
  key_cert_sign_missing: entry('The issuer may not sign certificates: keyUsage lacks keyCertSign.', wholeChain),
  path_too_long: entry('A CA above allows fewer CAs below it: pathLenConstraint.', wholeChain),
  subject_empty: entry('The issuer has no name.', wholeChain),
  name_not_permitted: entry('A CA above permits other names only: {name} is not among them.', newCertificate),
  name_excluded: entry('A CA above excludes the name {name}.', newCertificate),
  name_unprocessable: entry(
    'A CA above constrains names such as {name}, and whether it fits cannot be told.',
    newCertificate,
  ),
  policy_missing: entry('A CA above requires a certificate policy, and none is valid down to here.', wholeChain),
  critical_extension_unknown: entry('The critical extension {oid} is not known to the gateway.', newCertificate),
  extension_malformed: entry('An extension cannot be read: {reason}.', newCertificate),

  revoked: entry(
    'The certificate was revoked{when}.',
    'Order a new certificate for a new key, and send its whole chain.',
  ),
  revocation_unknown: entry(
    'The issuer does not know the certificate: its OCSP responder answers unknown.',
    'Ask the CA. Where the certificate is new, try again in an hour.',
  ),
} as const satisfies Record<string, Entry>

/** What the third party, or the operator, should know of an accepted chain. */
export const chainWarnings = {
  expires_soon: entry(
    'The certificate expires on {notAfter}, in {days}.',
    'Order the next one now, and attach it beside this one.',
  ),
  no_ocsp_address: entry(
    'The certificate names no OCSP responder, so that whether it is revoked cannot be asked there.',
    'Order a certificate with an OCSP address in authorityInfoAccess, or ask the operator what holds for this issuer.',
  ),
  host_name_without_san: entry(
    'A CA above constrains names, and the certificate has a host name as its common name but no subjectAltName: Envoy refuses such handshakes.',
    'Order a certificate with the name in its subjectAltName too.',
  ),
  revocation_unavailable: entry(
    'Whether the certificate is revoked could not be found out: {cause}.',
    'Nothing for now: the gateway asks again before it lets a request pass.',
  ),
  attached_elsewhere: entry(
    'The certificate is attached to other DevApps too: {devApps}.',
    'Order a certificate for each DevApp, unless they are meant to share one: callers then have to name theirs by x-client-key.',
  ),
  shared_between_environments: entry(
    'The certificate serves production and staging: {devApps}.',
    'Order a certificate of its own for staging.',
  ),
} as const satisfies Record<string, Entry>

const catalogue = { ...chainProblems, ...chainWarnings }

export type ChainProblemCode = keyof typeof chainProblems
export type ChainWarningCode = keyof typeof chainWarnings
export type ChainFindingCode = keyof typeof catalogue

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never
type Values<Code extends ChainFindingCode> = Record<Placeholders<(typeof catalogue)[Code]['message']>, string>

/** What a finding is about: a certificate of the file, or with `undefined` the file. */
export interface Place {
  readonly position: number
  /** `undefined` where the certificate cannot be read. */
  readonly subject: string | undefined
}

/** A finding of the catalogue, its message filled in. */
export function finding<Code extends ChainFindingCode>(
  code: Code,
  place: Place | undefined,
  values: Values<Code>,
): ChainFinding & { readonly code: Code } {
  const { message, cure } = catalogue[code]
  const filled = message.replace(/\{(\w+)\}/g, (_, name: string) => (values as Record<string, string>)[name] ?? '')
  return { code, position: place?.position, subject: place?.subject, message: filled, cure }
}
