import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { ChainReportDocument } from '../../api/chain_documents.ts'
import { day, nameIn, shortHex } from '../format.ts'

type Given = ChainReportDocument['given'][number]

const roleWords: Readonly<Record<Given['role'], string>> = {
  leaf: 'Leaf: the certificate itself',
  intermediate: 'Intermediate',
  root: 'Root',
  repeated: 'A second copy',
  extra: 'Not of this chain',
}

/** The certificates in the order of the file, and beside them in the right one, with lines from where they are to where they belong. */
export function ChainDrawing({ report }: { readonly report: ChainReportDocument }) {
  const { given, order } = report
  const box = useRef<HTMLDivElement>(null)
  const [links, setLinks] = useState<readonly Link[]>([])
  useLayoutEffect(() => {
    const draw = (): void => setLinks(box.current === null ? [] : linksIn(box.current, order))
    draw()
    const observer = new ResizeObserver(draw)
    if (box.current !== null) observer.observe(box.current)
    return () => observer.disconnect()
  }, [report])
  return (
    <div class="chain" ref={box}>
      <div>
        <h3>As it was given</h3>
        <ol>
          {given.map((certificate) => (
            <li key={certificate.position} data-given={certificate.position}>
              <GivenCertificate certificate={certificate} report={report} />
            </li>
          ))}
        </ol>
      </div>
      <div class="between">
        <svg class="links" aria-hidden="true">
          {links.map(({ path, isMoved }) => (
            <path key={path} d={path} class={isMoved ? 'moved' : ''} />
          ))}
        </svg>
      </div>
      <div>
        <h3>In the right order</h3>
        <ol>
          {order.map((step, index) => {
            if ('missing' in step)
              return (
                <li key={`missing-${step.missing}`}>
                  <div class="card missing">
                    <p>
                      <strong>Missing here</strong>
                    </p>
                    <p>{nameIn(step.missing)}</p>
                    <small>{step.missing}</small>
                  </div>
                </li>
              )
            const certificate = given.find(({ position }) => position === step.position)
            return (
              <li key={step.position} data-right={step.position}>
                <div class="card">
                  <p>
                    <strong>
                      {index + 1}. {certificate?.commonName}
                    </strong>
                  </p>
                  <small>
                    {certificate === undefined ? '' : roleWords[certificate.role]}
                    {step.position === index + 1 ? '' : `; it stands at ${step.position} in the file`}
                  </small>
                </div>
              </li>
            )
          })}
        </ol>
      </div>
    </div>
  )
}

function GivenCertificate({
  certificate,
  report,
}: {
  readonly certificate: Given
  readonly report: ChainReportDocument
}) {
  const { position, role, commonName, issuer, notBefore, notAfter, sha256 } = certificate
  const problems = report.problems.filter((each) => each.position === position)
  const warnings = report.warnings.filter((each) => each.position === position)
  return (
    <div class={`card ${problems.length > 0 ? 'bad' : warnings.length > 0 ? 'warn' : ''}`}>
      <p>
        <strong>
          {position}. {commonName}
        </strong>
      </p>
      <small>
        {roleWords[role]}; issued by {nameIn(issuer)}; valid {day(notBefore)} to {day(notAfter)}; SHA-256{' '}
        <span class="mono">{shortHex(sha256)}</span>
      </small>
      {problems.map(({ code, message, cure }) => (
        <div class="finding" key={code + message}>
          <p>
            <strong>✕ {message}</strong> <code>{code}</code>
          </p>
          <p>{cure}</p>
        </div>
      ))}
      {warnings.map(({ code, message, cure }) => (
        <div class="finding" key={code + message}>
          <p>
            <strong>! {message}</strong> <code>{code}</code>
          </p>
          <p>{cure}</p>
        </div>
      ))}
    </div>
  )
}

interface Link {
  readonly path: string
  readonly isMoved: boolean
}

function linksIn(box: HTMLElement, order: ChainReportDocument['order']): readonly Link[] {
  const between = box.querySelector('.links')?.getBoundingClientRect()
  if (between === undefined || between.width === 0) return []
  const middleOf = (selector: string): number | undefined => {
    const found = box.querySelector(selector)?.getBoundingClientRect()
    return found === undefined ? undefined : found.top + Math.min(found.height, 60) / 2 - between.top
  }
  return order.flatMap((step, index) => {
    if (!('position' in step)) return []
    const [from, to] = [middleOf(`[data-given="${step.position}"]`), middleOf(`[data-right="${step.position}"]`)]
    if (from === undefined || to === undefined) return []
    const { width } = between
    const path = `M4 ${from} C ${width / 2} ${from} ${width / 2} ${to} ${width - 12} ${to} m -6 -5 l 7 5 l -7 5`
    return [{ path, isMoved: step.position !== index + 1 }]
  })
}
