import type { RatesDocument } from '../../api/ocsp_operations.ts'
import { minute as minuteText, number, percent } from '../format.ts'
import { useWidth } from '../parts.tsx'

type Minute = RatesDocument['minutes'][number]

interface Tier {
  readonly title: string
  readonly colour: string
  readonly hits: (minute: Minute) => number
  readonly all: (minute: Minute) => number
  readonly words: string
}

const tiers: readonly Tier[] = [
  {
    ...{ title: 'Memory: hits', colour: 'var(--c3)', words: 'of lookups' },
    hits: ({ memory }) => memory.hits,
    all: ({ memory }) => memory.hits + memory.misses,
  },
  {
    ...{ title: 'Redis: hits', colour: 'var(--c4)', words: 'of lookups' },
    hits: ({ redis }) => redis.hits,
    all: ({ redis }) => redis.hits + redis.misses + redis.failures,
  },
  {
    ...{ title: 'Responders: answered', colour: 'var(--c2)', words: 'of inquiries' },
    hits: ({ responder }) => responder.answered,
    all: ({ responder }) => responder.answered + responder.failed,
  },
  {
    ...{ title: 'Requests that waited', colour: 'var(--c1)', words: 'of lookups in memory' },
    hits: ({ waits }) => waits,
    all: ({ memory }) => memory.hits + memory.misses,
  },
]

const [plotTop, plotHeight] = [6, 74]
/** The minutes of an hour, the last one at the right. */
const slots = 60

/** How often each tier had an answer, minute by minute, one drawing beside the other to one scale. */
export function TierCharts({ minutes }: { readonly minutes: readonly Minute[] }) {
  return (
    <div class="columns tiers">
      {tiers.map((tier) => (
        <TierChart key={tier.title} tier={tier} minutes={minutes} />
      ))}
    </div>
  )
}

function TierChart({ tier, minutes }: { readonly tier: Tier; readonly minutes: readonly Minute[] }) {
  const [box, width] = useWidth<HTMLDivElement>()
  const { title, colour, hits, all, words } = tier
  const sum = (of: (minute: Minute) => number): number => minutes.reduce((sum, each) => sum + of(each), 0)
  const [sumHits, sumAll] = [sum(hits), sum(all)]
  const step = Math.max(1, width) / slots
  const first = slots - minutes.length
  const said =
    sumAll === 0 ? 'nothing was asked' : `${percent(sumHits, sumAll)} of ${number(sumAll)} ${words.replace('of ', '')}`
  return (
    <figure ref={box}>
      <figcaption>
        <strong>{title}</strong> <span class="hint">{said}</span>
      </figcaption>
      <svg
        class="drawing"
        viewBox={`0 0 ${Math.max(1, width)} ${plotTop + plotHeight + 18}`}
        height={plotTop + plotHeight + 18}
        role="img"
        aria-label={`${title}, minute by minute: ${said}`}
      >
        {[0, 1].map((part) => (
          <line
            key={part}
            class="grid-line"
            x1={0}
            x2={width}
            y1={plotTop + plotHeight * part}
            y2={plotTop + plotHeight * part}
          />
        ))}
        {minutes.map((each, index) => {
          const share = all(each) === 0 ? undefined : Math.min(1, hits(each) / all(each))
          if (share === undefined) return null
          const height = Math.max(share === 0 ? 0 : 1.5, share * plotHeight)
          return (
            <rect
              key={each.start}
              {...{
                x: (first + index) * step + 0.5,
                y: plotTop + plotHeight - height,
                width: Math.max(0.5, step - 1),
                height,
              }}
              fill={colour}
            >
              <title>{`${minuteText(each.start)}: ${number(hits(each))} of ${number(all(each))}`}</title>
            </rect>
          )
        })}
        {minutes.length > 0 && (
          <>
            <text x={Math.min(first * step, width - 80)} y={plotTop + plotHeight + 15}>
              {minuteText(minutes[0]?.start ?? '')}
            </text>
            <text x={width} y={plotTop + plotHeight + 15} text-anchor="end">
              {minuteText(minutes.at(-1)?.start ?? '')}
            </text>
          </>
        )}
      </svg>
    </figure>
  )
}
