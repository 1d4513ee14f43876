import { AcceptedRoots } from '../../../src/intake/accepted_roots.ts'
import type { ChainFinding, ChainReport } from '../../../src/intake/chain_report.ts'
import { type ChainRules, checkChain } from '../../../src/intake/check_chain.ts'
import { letsEncrypt } from '../../../src/intake/refused_issuers.ts'
import { certificateFromDer } from '../../../src/pki/certificate.ts'
import { Authority, type CertificateOptions, fixedNow, type IssuedCertificate } from '../../support/pki.ts'

/** A leaf that nothing is wrong with and nothing to be warned of. */
export const fine: CertificateOptions = { ocspUrls: ['http://ocsp.example.com/'] }

export const root = Authority.root()
export const issuing = root.issueAuthority()
export const leaf = issuing.issue(fine)
export const chain = leaf.pem + issuing.chainPem

/** Rules that accept the fixture's root, unless others are given. */
export function rules(changes: Partial<ChainRules> & { roots?: readonly IssuedCertificate[] } = {}): ChainRules {
  const { roots = [root.certificate], ...others } = changes
  const acceptedRoots = new AcceptedRoots(roots.map(({ der }) => certificateFromDer(der)))
  return { at: fixedNow, acceptedRoots, refusedIssuers: letsEncrypt, ...others }
}

export function report(file: string | Uint8Array, changes?: Parameters<typeof rules>[0]): Promise<ChainReport> {
  return checkChain(typeof file === 'string' ? Buffer.from(file, 'latin1') : file, rules(changes))
}

/** `code@position` of every problem; without a position, of the file. */
export async function problemsOf(
  file: string | Uint8Array,
  changes?: Parameters<typeof rules>[0],
): Promise<readonly string[]> {
  return (await report(file, changes)).problems.map(codeAndPlace)
}

export const codeAndPlace = ({ code, position }: ChainFinding): string =>
  position === undefined ? code : `${code}@${position}`
