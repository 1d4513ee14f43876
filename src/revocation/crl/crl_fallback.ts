import type { CertificateStatus } from '../../domain/evidence.ts'

type SoonOrNow<Value> = Value | Promise<Value>

/**
 * What counts of a certificate's status by OCSP and by its CRL, which is asked only where OCSP gave no answer, or has to be
 * waited for: then both are at the same time. `tolerateUnavailable` is whether the configuration lets the certificate pass
 * without an answer. Neither of the two may reject.
 */
export function withCrl(
  byOcsp: SoonOrNow<CertificateStatus>,
  askCrl: () => SoonOrNow<CertificateStatus>,
  tolerateUnavailable: boolean,
): SoonOrNow<CertificateStatus> {
  if (!(byOcsp instanceof Promise) && isAnswer(byOcsp)) return byOcsp
  const byCrl = askCrl()
  if (!(byOcsp instanceof Promise) && !(byCrl instanceof Promise)) return decisive(byOcsp, byCrl, tolerateUnavailable)
  return firstAnswer(byOcsp, byCrl, tolerateUnavailable)
}

async function firstAnswer(
  byOcsp: SoonOrNow<CertificateStatus>,
  byCrl: SoonOrNow<CertificateStatus>,
  tolerateUnavailable: boolean,
): Promise<CertificateStatus> {
  const status = await byOcsp
  return isAnswer(status) ? status : decisive(status, await byCrl, tolerateUnavailable)
}

/** `unknown` too is what the issuer says. */
const isAnswer = ({ status }: CertificateStatus): boolean =>
  status === 'good' || status === 'revoked' || status === 'unknown'

/** `byOcsp` is no answer. */
function decisive(
  byOcsp: CertificateStatus,
  byCrl: CertificateStatus,
  tolerateUnavailable: boolean,
): CertificateStatus {
  const lastRevoked = byOcsp.status === 'unavailable' && byOcsp.lastRevoked
  switch (byCrl.status) {
    case 'good':
      // The CRL may be older than the answer that said revoked.
      return lastRevoked ? byOcsp : byCrl
    case 'unavailable':
      return {
        status: 'unavailable',
        cause: byOcsp.status === 'unavailable' ? `${byOcsp.cause}; ${byCrl.cause}` : byCrl.cause,
        lastRevoked: lastRevoked || byCrl.lastRevoked,
        ...(tolerateUnavailable ? { tolerated: true } : {}),
      }
    case 'no_source':
    case 'not_asked':
      return byOcsp
    default:
      return byCrl
  }
}
