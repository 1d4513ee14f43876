import type { EntryPageDocument } from '../../api/ocsp_operations.ts'
import { fromNow, full } from '../format.ts'
import type { Tone } from '../parts.tsx'

export type Entry = EntryPageDocument['entries'][number]

export const toneOf: Readonly<Record<string, Tone>> = {
  ...{ good: 'good', revoked: 'bad', unknown: 'warn', unavailable: 'bad', no_source: 'quiet', pending: 'quiet' },
}

export const statusWords: Readonly<Record<string, string>> = {
  ...{ good: 'good', revoked: 'revoked', unknown: 'unknown', unavailable: 'no answer', no_source: 'no source' },
  pending: 'not asked yet',
}

const fills: Readonly<Record<Tone, string>> = {
  good: 'var(--good-fill)',
  bad: 'var(--bad-fill)',
  warn: 'var(--warn-fill)',
  shadow: 'var(--shadow-fill)',
  quiet: 'var(--quiet-fill)',
}

/** The time that bars are drawn in. */
export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Where an instant is, in percent; what is beyond is at the end. */
const placeOf = (ms: number, { fromMs, toMs }: Span): number =>
  Math.min(100, Math.max(0, (100 * (ms - fromMs)) / Math.max(1, toMs - fromMs)))

/** From thisUpdate to nextUpdate, with now and the next refresh; hatched where a CRL says so. */
export function UpdateBar({ entry, span, now }: { readonly entry: Entry; readonly span: Span; readonly now: string }) {
  const { thisUpdate, nextUpdate, usableUntil, nextRefresh, status, source } = entry
  const end = nextUpdate ?? usableUntil
  const tone = toneOf[status] ?? 'quiet'
  const nowAt = placeOf(Date.parse(now), span)
  return (
    <svg class="bar" role="img" aria-label={wordsOf(entry, now)} width="100%" height="26">
      <title>{wordsOf(entry, now)}</title>
      <line class="grid-line" x1="0" x2="100%" y1="13" y2="13" />
      {thisUpdate !== null && end !== null && (
        <rect
          x={`${placeOf(Date.parse(thisUpdate), span)}%`}
          width={`${Math.max(0.4, placeOf(Date.parse(end), span) - placeOf(Date.parse(thisUpdate), span))}%`}
          {...{ y: 6, height: 14, rx: 3 }}
          fill={source === 'crl' ? `url(#crl-${tone})` : fills[tone]}
        />
      )}
      {nextRefresh !== null && (
        <g>
          <line
            class="refresh"
            x1={`${placeOf(Date.parse(nextRefresh), span)}%`}
            x2={`${placeOf(Date.parse(nextRefresh), span)}%`}
            y1="2"
            y2="24"
          />
          <circle class="refresh-dot" cx={`${placeOf(Date.parse(nextRefresh), span)}%`} cy="3.5" r="3" />
        </g>
      )}
      <line class="now" x1={`${nowAt}%`} x2={`${nowAt}%`} y1="0" y2="26" />
    </svg>
  )
}

/** The hatches of CRLs, once in a page. */
export function BarPatterns() {
  return (
    <svg class="unseen" aria-hidden="true">
      <defs>
        {(['good', 'bad', 'warn', 'quiet'] as const).map((tone) => (
          <pattern
            key={tone}
            id={`crl-${tone}`}
            width="6"
            height="6"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <rect width="6" height="6" fill={fills[tone]} opacity="0.35" />
            <rect width="3" height="6" fill={fills[tone]} />
          </pattern>
        ))}
      </defs>
    </svg>
  )
}

function wordsOf({ status, source, thisUpdate, nextUpdate, nextRefresh }: Entry, now: string): string {
  const said = `${statusWords[status] ?? status}${source === null ? '' : ` by ${source.toUpperCase()}`}`
  if (thisUpdate === null) return said
  const until = nextUpdate === null ? 'no nextUpdate' : `nextUpdate ${full(nextUpdate)}, ${fromNow(nextUpdate, now)}`
  const refresh = nextRefresh === null ? '' : `; asked again ${fromNow(nextRefresh, now)}`
  return `${said}, thisUpdate ${full(thisUpdate)}, ${until}${refresh}`
}

/** Ticks above the bars: five instants, and now. */
export function BarAxis({ span, now }: { readonly span: Span; readonly now: string }) {
  const long = span.toMs - span.fromMs > 2 * 86_400_000
  const text = (ms: number): string => {
    const instant = new Date(ms).toISOString()
    return long ? instant.slice(5, 10) : instant.slice(11, 16)
  }
  const nowAt = placeOf(Date.parse(now), span)
  return (
    <svg class="bar axis" width="100%" height="20" aria-hidden="true">
      {[0, 33.3, 66.6, 100].map((place) =>
        Math.abs(place - nowAt) < 9 ? null : (
          <text
            key={place}
            x={`${place}%`}
            y="15"
            text-anchor={place === 0 ? 'start' : place === 100 ? 'end' : 'middle'}
          >
            {text(span.fromMs + ((span.toMs - span.fromMs) * place) / 100)}
          </text>
        ),
      )}
      <text class="now-text" x={`${nowAt}%`} y="15" text-anchor={nowAt < 5 ? 'start' : nowAt > 95 ? 'end' : 'middle'}>
        now
      </text>
    </svg>
  )
}
