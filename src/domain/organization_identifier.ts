/** An organizationIdentifier by its parts (ETSI EN 319 412-1 5.1.4; of the scheme PSD, ETSI TS 119 495 5.2.1). */
export interface OrganizationIdentifier {
  /** Which register: `PSD`, `NTR`, `VAT`, `LEI`, or a national one, such as `EI:`. */
  readonly scheme: string
  /** ISO 3166-1 alpha-2; registers of no country have letters of their own. */
  readonly country: string
  /** Who authorised the organization, such as `FINFSA`; of the scheme PSD alone. */
  readonly authority: string | undefined
  /** The rest, hyphens and all. */
  readonly id: string
}

/** The parts of `PSDFI-FINFSA-2858394-9`, `NTRFI-2858394-9` and the like; `undefined` for any other text. */
export function parseOrganizationIdentifier(text: string): OrganizationIdentifier | undefined {
  const [, scheme, country, rest] = /^([A-Z]{3}|[A-Z]{2}:)([A-Z]{2})-(.+)$/u.exec(text) ?? []
  if (scheme === undefined || country === undefined || rest === undefined) return undefined
  if (scheme !== 'PSD') return { scheme, country, authority: undefined, id: rest }
  const [, authority, id] = /^([A-Z]{2,8})-(.+)$/u.exec(rest) ?? []
  return authority === undefined || id === undefined ? undefined : { scheme, country, authority, id }
}

/**
 * The same text for spellings of one identifier that differ in case or in surrounding space. Only for lists that take
 * something away: there, what is alike must not slip through.
 */
export function foldedIdentifier(text: string): string {
  return text.normalize('NFKC').trim().toUpperCase()
}
