import type { Certificate } from '../../domain/certificate.ts'
import { type CrlSubject, crlSubjectOf } from '../../pki/crl_status.ts'
import type { OcspSubject } from '../../pki/ocsp_request.ts'
import { type Addresses, responderAddresses } from '../addresses.ts'

/** Where one issuer's CRL is: all certificates of that issuer that name the same distribution points share it. */
export interface CrlPoint {
  readonly key: string
  readonly issuer: Certificate
  /** One of the certificates: a CRL that is in scope for it is so for all of them. */
  readonly example: CrlSubject
  /** Of the same CRL, or of CRLs that say the same; in order. */
  readonly locations: readonly [URL, ...URL[]]
}

/** A certificate, and where its CRL is, if it names a place that may be asked. */
export type CrlPlace =
  | { readonly status: 'named'; readonly subject: CrlSubject; readonly point: CrlPoint }
  | Exclude<Addresses, { readonly status: 'named' }>

/** Places by the certificate that is asked about, forgotten together with it. */
export class CrlPlaces {
  readonly #allowedHosts: ReadonlySet<string> | undefined
  readonly #places = new WeakMap<OcspSubject, CrlPlace>()

  /** `allowedHosts` are lower-case hostnames; `undefined` allows any. */
  constructor({ allowedHosts }: { readonly allowedHosts?: ReadonlySet<string> | undefined }) {
    this.#allowedHosts = allowedHosts
  }

  of(subject: OcspSubject): CrlPlace {
    const known = this.#places.get(subject)
    if (known !== undefined) return known
    const place = placeOf(subject, this.#allowedHosts)
    this.#places.set(subject, place)
    return place
  }
}

function placeOf({ certificate, issuer }: OcspSubject, allowedHosts: ReadonlySet<string> | undefined): CrlPlace {
  const subject = crlSubjectOf(certificate)
  // What binds the locations of responders binds those of CRLs: HTTP, no credentials, permitted hosts, a few of them.
  const addresses = responderAddresses({ ocspUrls: subject.urls }, undefined, allowedHosts)
  if (addresses.status !== 'named') return addresses
  const { responders: locations } = addresses
  const key = [issuer.sha256, subject.isCa, ...locations.map(({ href }) => href), ...subject.pointNames].join(' ')
  return { status: 'named', subject, point: { key, issuer, example: subject, locations } }
}
