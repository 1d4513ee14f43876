import type { Allow } from '../domain/decision.ts'

/** Every header that tells an upstream who calls. Those that are not set on a request are removed from it. */
export const identityHeaders = [
  'x-devapp-id',
  'x-client-cert-serial',
  'x-client-cert-cn',
  'x-client-cert-sha256',
  'x-tpp-id',
  'x-tpp-roles',
  'x-tpp-nca',
] as const
/** The code of the refusal that shadow mode did not enforce. */
export const shadowHeader = 'x-devapp-authz-shadow'

/** Every header by which the service speaks to the upstream: nothing arrives there that a client sent under these names. */
export const upstreamHeaders = [...identityHeaders, shadowHeader] as const

export type IdentityHeader = (typeof identityHeaders)[number]

/** The values for an allowed request; a name with `undefined` is not known of this caller. */
export function identityOf({
  devApp,
  certificate,
  psd2Roles,
}: Allow): Readonly<Record<IdentityHeader, string | undefined>> {
  const psd2 = certificate?.qcStatements?.psd2
  return {
    'x-devapp-id': devApp?.id,
    'x-client-cert-serial': certificate?.serialNumber,
    'x-client-cert-cn': fieldValue(certificate?.commonNames[0]),
    'x-client-cert-sha256': certificate?.sha256,
    'x-tpp-id': fieldValue(certificate?.organizationIdentifier),
    'x-tpp-roles': psd2Roles.length > 0 ? psd2Roles.join(',') : undefined,
    'x-tpp-nca': fieldValue(psd2?.ncaId),
  }
}

/**
 * Text of a certificate as a field value (RFC 9110 5.5): whatever is not printable ASCII, and the percent sign, is
 * percent-encoded as UTF-8, so that no name can carry a line break or end early in a proxy.
 */
function fieldValue(text: string | undefined): string | undefined {
  return text?.replaceAll(/[^\x20-\x24\x26-\x7e]+/gu, (part) =>
    [...Buffer.from(part)].map((octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
