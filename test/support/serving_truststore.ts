import { createHash } from 'node:crypto'
import { SdsService } from '../../src/envoy/sds_service.ts'
import { TruststoreResource } from '../../src/envoy/truststore_resource.ts'

/** What Envoys said of the trust stores that they were sent, oldest first. */
export type Word = { readonly accepted: string } | { readonly rejected: string; readonly reason: string }

export interface ServingTruststore {
  readonly sds: SdsService
  readonly resource: TruststoreResource
  readonly words: Word[]
  /** Secrets that were asked for and are not served. */
  readonly unknown: (readonly string[])[]
  /** Serves any text at all from now on. Returns its version. */
  serve(pem: string): string
  /** The first word on a version, from the `from`-th on, waiting for it. */
  word(version: string, from?: number): Promise<Word>
}

/** The service's own SDS, with a trust store as a test has it; none until it is given one. */
export function servingTruststore(pem?: string): ServingTruststore {
  const resource = new TruststoreResource((reason) => {
    throw new Error(reason)
  })
  const words: Word[] = []
  const unknown: (readonly string[])[] = []
  const waiting = new Set<() => void>()
  const said = (word: Word): void => {
    words.push(word)
    for (const wake of waiting) wake()
    waiting.clear()
  }
  const sds = new SdsService(resource, {
    onOpened: () => {},
    onAccepted: ({ version }) => said({ accepted: version }),
    onRejected: ({ version }, reason) => said({ rejected: version, reason }),
    onUnknown: (names) => unknown.push(names),
  })
  const serve = (text: string): string => {
    const version = createHash('sha256').update(text).digest('hex')
    resource.publish({ version, authorities: text.split('BEGIN').length - 1, pem: text })
    return version
  }
  if (pem !== undefined) serve(pem)
  return {
    sds,
    resource,
    words,
    unknown,
    serve,
    word: async (version, from = 0) => {
      for (;;) {
        const word = words.slice(from).find((each) => ('accepted' in each ? each.accepted : each.rejected) === version)
        if (word !== undefined) return word
        await new Promise<void>((resolve) => waiting.add(resolve))
      }
    },
  }
}
