import type { Part } from './part.ts'

/** How a CommonTlsContext judges the certificate of the other side. */
export interface Validation {
  /** The CertificateValidationContext that Envoy's configuration holds, which Envoy completes by what SDS brings. */
  readonly own: Part
  /** Names the secret that SDS brings; does not exist where none is. */
  readonly sds: Part
  /** The default and the secret together, in which nothing of the default is lost. */
  readonly isCombined: boolean
}

/** `undefined` where the certificate of the other side is not judged. */
export function validationIn(tlsContext: Part): Validation | undefined {
  const common = tlsContext.at('common_tls_context')
  const combined = common.at('combined_validation_context')
  if (combined.exists) {
    const sds = combined.at('validation_context_sds_secret_config')
    return { own: combined.at('default_validation_context'), sds, isCombined: true }
  }
  const sds = common.at('validation_context_sds_secret_config')
  const own = common.at('validation_context')
  return own.exists || sds.exists ? { own, sds, isCombined: false } : undefined
}

export function hasValidation(tlsContext: Part): boolean {
  return validationIn(tlsContext) !== undefined
}
