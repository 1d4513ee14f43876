import type { DevAppsDocument, HorizonDocument } from '../../api/devapp_documents.ts'
import { day, fromNow, number } from '../format.ts'
import { useWidth } from '../parts.tsx'
import { niceTop } from './hour_chart.tsx'

const [left, right, top, plotHeight] = [40, 4, 8, 96]
const weekMs = 7 * 86_400_000
/** What a bar of one DevApp shows: a year and a month. */
const horizonMs = 57 * weekMs

/** How many certificates end in each of the next weeks; what has ended, and what ends later, stand at the ends. */
export function HorizonChart({ horizon }: { readonly horizon: HorizonDocument }) {
  const [box, width] = useWidth<HTMLDivElement>()
  const { weeks, expired, later } = horizon
  const bars = [
    { name: 'expired', count: expired, fill: 'var(--bad-fill)' },
    ...weeks.map(({ start, certificates }, week) => ({
      ...{ name: `week of ${day(start)}`, count: certificates },
      fill: week < 5 ? 'var(--warn-fill)' : 'var(--allow)',
    })),
    { name: 'later', count: later, fill: 'var(--quiet-fill)' },
  ]
  const most = niceTop(Math.max(...bars.map(({ count }) => count)))
  const step = Math.max(1, width - left - right) / bars.length
  const soon = weeks.slice(0, 5).reduce((sum, { certificates }) => sum + certificates, 0)
  return (
    <div ref={box}>
      <svg
        class="drawing"
        viewBox={`0 0 ${Math.max(1, width)} ${top + plotHeight + 20}`}
        height={top + plotHeight + 20}
        role="img"
        aria-label={`Certificates of enabled DevApps by the week that they expire in: ${number(expired)} expired, ${number(soon)} within five weeks, ${number(later)} after more than a year`}
      >
        {[0, 0.5, 1].map((part) => (
          <g key={part}>
            <line
              class="grid-line"
              x1={left}
              x2={width - right}
              y1={top + plotHeight * part}
              y2={top + plotHeight * part}
            />
            {(part !== 0.5 || most % 2 === 0) && (
              <text x={left - 7} y={top + plotHeight * part + 4} text-anchor="end">
                {number(most * (1 - part))}
              </text>
            )}
          </g>
        ))}
        {bars.map(({ name, count, fill }, index) => (
          <rect
            key={name}
            {...{ x: left + index * step + 0.8, width: Math.max(0.5, step - 1.6), rx: 1 }}
            y={top + plotHeight - Math.max(count === 0 ? 0 : 2, (count / most) * plotHeight)}
            height={Math.max(count === 0 ? 0 : 2, (count / most) * plotHeight)}
            fill={fill}
          >
            <title>{`${name}: ${number(count)}`}</title>
          </rect>
        ))}
        <text x={left} y={top + plotHeight + 16}>
          expired
        </text>
        {weeks.map(({ start }, week) =>
          week > 3 && week % (width < 600 ? 16 : 8) === 0 && week < weeks.length - 5 ? (
            <text key={start} x={left + (week + 1) * step} y={top + plotHeight + 16}>
              {day(start)}
            </text>
          ) : null,
        )}
        <text x={width - right} y={top + plotHeight + 16} text-anchor="end">
          later
        </text>
      </svg>
    </div>
  )
}

type Certificate = DevAppsDocument['devApps'][number]['certificates'][number]

/** When the certificates of one DevApp end, on a line of a year and a month from now. */
export function ExpiryLine({
  certificates,
  now,
}: {
  readonly certificates: readonly Certificate[]
  readonly now: string
}) {
  const words =
    certificates.length === 0
      ? 'no certificate'
      : certificates.map(({ commonName, notAfter }) => `${commonName} ends ${fromNow(notAfter, now)}`).join(', ')
  return (
    <svg class="bar" role="img" aria-label={words} width="100%" height="26">
      <title>{words}</title>
      <line class="grid-line" x1="1%" x2="99%" y1="13" y2="13" />
      {[0.25, 0.5, 0.75].map((part) => (
        <line key={part} class="grid-line" x1={`${part * 98 + 1}%`} x2={`${part * 98 + 1}%`} y1="9" y2="17" />
      ))}
      <line class="now" x1="1%" x2="1%" y1="3" y2="23" />
      {certificates.map(({ sha256, notAfter }) => {
        const leftMs = Date.parse(notAfter) - Date.parse(now)
        const place = 1 + 98 * Math.min(1, Math.max(0, leftMs / horizonMs))
        const [fill, isPast] =
          leftMs < 0
            ? (['var(--bad-fill)', true] as const)
            : leftMs < 5 * weekMs
              ? (['var(--warn-fill)', false] as const)
              : (['var(--good-fill)', false] as const)
        return (
          <g key={sha256}>
            <line x1="1%" x2={`${place}%`} y1="13" y2="13" stroke={fill} stroke-width="3" />
            {isPast ? (
              <rect x={`${place}%`} y="7" width="12" height="12" fill={fill} transform="translate(-6 0)" />
            ) : (
              <circle cx={`${place}%`} cy="13" r="5.5" fill={fill} />
            )}
          </g>
        )
      })}
    </svg>
  )
}
