import type { Config } from '../config/config.ts'
import type { RegisteredCertificate } from '../domain/devapp.ts'
import type { RevocationStatus } from '../domain/evidence.ts'
import type { RevocationFacts } from '../explain/revocation_finding.ts'
import type { Clock, Revocation } from '../ports.ts'
import { revocationOptions } from '../revocation/configured.ts'
import type { RejectionObserver } from '../revocation/known_answers.ts'
import { openToLook } from '../revocation/open_revocation.ts'
import type { FetchObserver } from '../revocation/responder.ts'
import type { KnownOfSubject } from '../revocation/revocation.ts'

/** The revocation service for one question, with a record of what was done to answer it. */
export interface WatchedRevocation extends Revocation {
  /** Of the certificate, and of its issuers where they are asked about too, once their status is known. */
  factsOf(certificate: RegisteredCertificate, status: RevocationStatus): readonly RevocationFacts[]
  close(): Promise<void>
}

type Fetched = Parameters<FetchObserver['onFetch']>[0]
type Rejection = Parameters<RejectionObserver['onRejected']>[0]

/** What was done, as it happened. */
interface Record {
  readonly fetched: Fetched[]
  readonly rejected: Rejection[]
  /** Of Redis and CRLs. */
  readonly said: string[]
}

/** As configured, asking live; what the fleet shares is read and left as it is. */
export async function watchedRevocation({ ocsp }: Config, clock: Clock): Promise<WatchedRevocation> {
  const record: Record = { fetched: [], rejected: [], said: [] }
  let redisError = ''
  const options = revocationOptions(ocsp, (message) => {
    redisError = `: ${message}`
  })
  const { revocation, redis } = await openToLook(options, {
    clock,
    observer: {
      onFetch: (fetched) => void record.fetched.push(fetched),
      onRejected: (rejection) => void record.rejected.push(rejection),
      onCrl: ({ location, crl }) => void record.said.push(`the CRL at ${location} has ${crl.revoked.size} entries`),
      onCrlFailed: ({ location, cause }) => void record.said.push(`the CRL at ${location}: ${cause}`),
    },
  })
  if (redis === 'away') record.said.push(`Redis could not be reached${redisError}`)
  return {
    statusOf: (certificate, at) => revocation.statusOf(certificate, at),
    factsOf: (certificate, status) => {
      const statuses = [status, ...(status.issuers ?? [])]
      return revocation.known(certificate).map((known, index) => {
        const found = statuses[index]
        const byCrl = found !== undefined && 'source' in found && found.source === 'crl'
        return { ...factsOf(known, record, ocsp.timeout), ...(byCrl ? crlFacts(known) : {}) }
      })
    },
    close: () => revocation.close(),
  }
}

function factsOf(
  { subject, answer }: KnownOfSubject,
  { fetched, rejected, said }: Record,
  timeoutMs: number,
): RevocationFacts {
  const { addresses, certificate, key } = subject
  const responders = addresses.status === 'named' ? addresses.responders : []
  const asked = fetched.filter(({ responder }) => responders.some(({ origin }) => origin === responder))
  const answered = asked.findLast(({ outcome }) => outcome === 'answered')
  const from = responders.find(({ origin }) => origin === answered?.responder)
  return {
    subject: certificate.subject,
    responders: responders.map(({ href }) => href),
    tried: [
      ...asked.map((each) => wordsOf(each, timeoutMs)),
      ...rejected
        .filter((each) => each.key === key)
        .map(
          ({ tier, code, detail }) =>
            `the answer of ${tier === 'redis' ? 'Redis' : 'the responder'} was rejected: ${code} ${detail}`,
        ),
      ...said,
    ],
    nextUpdate: answer?.nextUpdate,
    saidBy: answer && [...(from === undefined ? [] : [from.href]), `signed by ${answer.responder}`].join(', '),
  }
}

function wordsOf({ responder, outcome, durationMs }: Fetched, timeoutMs: number): string {
  const slow =
    durationMs > timeoutMs ? `: longer than a request waits (${timeoutMs} ms) when nothing is remembered` : ''
  return `${responder} ${outcome} in ${Math.round(durationMs)} ms${slow}`
}

const crlFacts = ({ crl }: KnownOfSubject): Pick<RevocationFacts, 'saidBy' | 'nextUpdate'> => ({
  saidBy: crl?.location,
  nextUpdate: crl?.nextUpdate,
})
