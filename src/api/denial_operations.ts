import { z } from 'zod'
import type { RecentDenial, RecentDenials } from '../ops/recent_denials.ts'
import type { Clock } from '../ports.ts'
import { type Operation, operation, otherOperation } from './operation.ts'
import { type DenialDocument, denialsDocument } from './overview_documents.ts'
import { instantText } from './values.ts'

/** In a flood of refusals nobody reads each one as it comes. */
const tellEveryMs = 250
/** What stands between keeps a connection open on which something comes now and then. */
const aliveEveryMs = 15_000

const tag = 'Denials'

/** The last refusals, and those that come from now on. */
export function denialOperations(denials: RecentDenials, clock: Clock): readonly Operation[] {
  return [
    operation({
      ...{ method: 'GET', path: '/api/v1/denials', id: 'getDenials', tag },
      summary: 'The last 200 refusals, enforced or not, the latest first.',
      document: denialsDocument,
      answer: () => ({ at: clock().toISOString(), denials: denials.all.map(documentOfDenial) }),
    }),
    otherOperation({
      ...{ method: 'GET', path: '/api/v1/denials/events', id: 'followDenials', tag },
      summary: 'Refusals as they come, as server-sent events.',
      query: z.strictObject({
        after: z.int().min(0).optional().meta({
          description: 'The number of the last refusal that is known. Default: the header Last-Event-ID, else all.',
        }),
      }),
      contentType: 'text/event-stream',
      words: 'Events of the kind `denial`, each with a Denial in JSON, and its number as id.',
      answer: ({ query, headers }) => {
        const after = query.after ?? numberIn(headers['last-event-id'])
        return {
          status: 200,
          contentType: 'text/event-stream',
          // What buffers answers would hold these back.
          headers: { 'x-accel-buffering': 'no' },
          body: (tell, gone) => follow(denials, after, tell, gone),
        }
      },
    }),
  ]
}

/** Resolves when nobody reads any more. Whoever is slow misses some, and sees it by the numbers. */
function follow(
  denials: RecentDenials,
  after: number,
  tell: (piece: string) => void,
  gone: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    let waiting: RecentDenial[] = [...denials.all].reverse().filter(({ number }) => number > after)
    const flush = (): void => {
      if (waiting.length > 0) tell(waiting.map(eventOf).join(''))
      waiting = []
    }
    const end = denials.follow((denial) => {
      waiting.push(denial)
      if (waiting.length > 200) waiting.shift()
    })
    const timers = [setInterval(flush, tellEveryMs), setInterval(() => tell(':\n\n'), aliveEveryMs)]
    tell('retry: 2000\n\n')
    flush()
    const stop = (): void => {
      for (const timer of timers) clearInterval(timer)
      end()
      resolve('')
    }
    if (gone.aborted) stop()
    else gone.addEventListener('abort', stop, { once: true })
  })
}

const eventOf = (denial: RecentDenial): string =>
  `event: denial\nid: ${denial.number}\ndata: ${JSON.stringify(documentOfDenial(denial))}\n\n`

const numberIn = (header: string | readonly string[] | undefined): number =>
  typeof header === 'string' && /^\d{1,15}$/.test(header) ? Number(header) : 0

function documentOfDenial({ number, atMs, record, presented }: RecentDenial): DenialDocument {
  return {
    ...{ number, at: instantText(atMs), code: record.code, enforced: record.shadow === undefined },
    ...{ policy: record.policy ?? null, channel: record.channel ?? null, devApp: record.devapp ?? null },
    ...{ commonName: presented.commonName ?? null, serialNumber: record.serial ?? null },
    host: presented.host ?? null,
    requestId: record.request_id ?? null,
    ms: record.ms,
    detail: record.code === 'internal_error' ? 'The log has the cause.' : (record.detail ?? null),
    likelyRenewalOf: record.likely_renewal ?? null,
    explainable: record.policy !== undefined && record.channel !== undefined,
  }
}
