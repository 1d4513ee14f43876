import { useState } from 'preact/hooks'
import type { MinuteDocument } from '../../api/overview_documents.ts'
import { milliseconds, minute as minuteText, number } from '../format.ts'
import { useWidth } from '../parts.tsx'

const colours = ['var(--c1)', 'var(--c2)', 'var(--c3)', 'var(--c4)', 'var(--c5)']
const otherColour = 'var(--c6)'
const shadowColour = 'url(#shadow-hatch)'

export interface Series {
  readonly name: string
  readonly colour: string
  readonly of: (minute: MinuteDocument) => number
}

/** The five most frequent refusals by themselves, the rest together, and what shadow mode let pass. */
export function seriesOf(denied: Readonly<Record<string, number>>, shadowed: number): readonly Series[] {
  const codes = Object.entries(denied)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .map(([code]) => code)
  const [named, others] = [codes.slice(0, colours.length), codes.slice(colours.length)]
  return [
    ...named.map((code, index) => ({
      ...{ name: code, colour: colours[index] ?? otherColour },
      of: ({ denied }: MinuteDocument) => denied[code] ?? 0,
    })),
    ...(others.length === 0
      ? []
      : [
          {
            ...{ name: others.length === 1 ? (others[0] ?? '') : 'other codes', colour: otherColour },
            of: ({ denied }: MinuteDocument) => others.reduce((sum, code) => sum + (denied[code] ?? 0), 0),
          },
        ]),
    ...(shadowed === 0
      ? []
      : [{ name: 'let pass by shadow mode', colour: shadowColour, of: ({ shadowed }: MinuteDocument) => shadowed }]),
  ]
}

const [left, right] = [44, 2]
const [allowTop, allowHeight] = [16, 92]
const [denyTop, denyHeight] = [138, 132]
const height = denyTop + denyHeight + 24

/** The hour, minute by minute: what was allowed above, what was refused below by code, each to its own scale. */
export function HourChart({
  minutes,
  series,
}: {
  readonly minutes: readonly MinuteDocument[]
  readonly series: readonly Series[]
}) {
  const [chosen, setChosen] = useState<number>()
  const [box, width] = useWidth<HTMLDivElement>()
  const at = chosen ?? minutes.length - 1
  const step = Math.max(1, width - left - right) / Math.max(1, minutes.length)
  const mostAllowed = niceTop(Math.max(...minutes.map(({ allowed }) => allowed)))
  const mostDenied = niceTop(Math.max(...minutes.map((each) => series.reduce((sum, { of }) => sum + of(each), 0))))
  const look = (event: PointerEvent): void => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect()
    const x = event.clientX - box.left
    setChosen(Math.min(minutes.length - 1, Math.max(0, Math.floor((x - left) / step))))
  }
  const shown = minutes[at]
  return (
    <div ref={box}>
      <svg
        class="drawing"
        viewBox={`0 0 ${Math.max(1, width)} ${height}`}
        height={height}
        role="img"
        aria-label="Requests allowed and refused in each of the last sixty minutes; the table beside it has the sums, the slider below each minute"
        onPointerMove={look}
        onPointerLeave={() => setChosen(undefined)}
      >
        <defs>
          <pattern id="shadow-hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="5" height="5" fill="var(--shadow-fill)" opacity="0.35" />
            <rect width="2.4" height="5" fill="var(--shadow-fill)" />
          </pattern>
        </defs>
        <Scale title="Allowed a minute" top={allowTop} height={allowHeight} most={mostAllowed} width={width} />
        <Scale title="Refused a minute" top={denyTop} height={denyHeight} most={mostDenied} width={width} />
        {minutes.map((each, index) => {
          const x = left + index * step
          let below = denyTop + denyHeight
          const allowed = (each.allowed / mostAllowed) * allowHeight
          return (
            <g key={each.start}>
              <rect
                {...{
                  x: x + 0.8,
                  y: allowTop + allowHeight - allowed,
                  width: Math.max(0.5, step - 1.6),
                  height: allowed,
                }}
                fill="var(--allow)"
                rx="1"
              />
              {series.map(({ name, colour, of }) => {
                const part = (of(each) / mostDenied) * denyHeight
                below -= part
                return part === 0 ? null : (
                  <rect
                    key={name}
                    {...{ x: x + 0.8, y: below, width: Math.max(0.5, step - 1.6), height: part }}
                    fill={colour}
                  />
                )
              })}
            </g>
          )
        })}
        {minutes.map(({ start }, index) =>
          index % (width < 500 ? 20 : 10) === 0 ? (
            <text key={start} x={left + index * step} y={height - 6}>
              {minuteText(start)}
            </text>
          ) : null,
        )}
        {chosen !== undefined && (
          <line
            class="cursor"
            {...{ x1: left + (at + 0.5) * step, x2: left + (at + 0.5) * step, y1: allowTop, y2: denyTop + denyHeight }}
          />
        )}
      </svg>
      <input
        class="minute"
        type="range"
        min={0}
        max={Math.max(0, minutes.length - 1)}
        value={at}
        aria-label="Minute"
        aria-valuetext={shown === undefined ? '' : wordsOf(shown, series)}
        onInput={(event) => setChosen(Number(event.currentTarget.value))}
      />
      <p class="readout">{shown !== undefined && wordsOf(shown, series)}</p>
    </div>
  )
}

function wordsOf(minute: MinuteDocument, series: readonly Series[]): string {
  const refused = series.flatMap(({ name, of }) => (of(minute) === 0 ? [] : [`${number(of(minute))} ${name}`]))
  const latency = minute.latencyMs === null ? '' : `; 99 % within ${milliseconds(minute.latencyMs.p99)}`
  return `${minuteText(minute.start)}: ${number(minute.allowed)} allowed, ${refused.join(', ') || 'none refused'}${latency}`
}

function Scale({
  title,
  top,
  height,
  most,
  width,
}: {
  readonly title: string
  readonly top: number
  readonly height: number
  readonly most: number
  readonly width: number
}) {
  return (
    <g>
      {[0, 0.5, 1].map((part) => {
        const y = top + height * (1 - part)
        return (
          <g key={part}>
            <line class="grid-line" x1={left} x2={width - right} y1={y} y2={y} />
            {(part !== 0.5 || most % 2 === 0) && (
              <text x={left - 7} y={y + 4} text-anchor="end">
                {number(most * part)}
              </text>
            )}
          </g>
        )
      })}
      <text x={left} y={top - 6}>
        {title}
      </text>
    </g>
  )
}

/** At least the largest, and a number that people like: 1, 2, 4, 5, 6, 8 or 10 times a power of ten. */
export function niceTop(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, most)))
  return power * ([1, 2, 4, 5, 6, 8, 10].find((times) => times * power >= most) ?? 10)
}
