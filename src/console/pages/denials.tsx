import { useEffect, useMemo, useState } from 'preact/hooks'
import type { CodesDocument, DenialDocument, DenialsDocument } from '../../api/overview_documents.ts'
import { useAsked } from '../api.ts'
import { clock, full, milliseconds, shortHex } from '../format.ts'
import { Failure, Field, Loading, Marked, Status, typed } from '../parts.tsx'
import { PageLink } from '../route.tsx'

const mostKept = 200
const shownAtFirst = 25

type Connection = 'connecting' | 'live' | 'cut'

/** The last refusals, and each one as it comes. */
function useDenials(isPaused: boolean) {
  const asked = useAsked<DenialsDocument>('/api/v1/denials')
  const [live, setLive] = useState<readonly DenialDocument[]>([])
  const [connection, setConnection] = useState<Connection>('connecting')
  useEffect(() => {
    setLive(asked.document?.denials ?? [])
  }, [asked.document])
  const after = asked.document === undefined ? undefined : (asked.document.denials[0]?.number ?? 0)
  const { askAgain } = asked
  useEffect(() => {
    if (after === undefined || isPaused) return
    let last = after
    const events = new EventSource(`/api/v1/denials/events?after=${after}`)
    events.addEventListener('open', () => setConnection('live'))
    events.addEventListener('error', () => setConnection('cut'))
    events.addEventListener('denial', (event) => {
      const denial = JSON.parse((event as MessageEvent<string>).data) as DenialDocument
      // The service has begun anew, and counts from 1 again; or some were missed.
      if (denial.number !== last + 1) askAgain()
      last = denial.number
      setLive((known) => [denial, ...known.filter(({ number }) => number !== denial.number)].slice(0, mostKept))
    })
    return () => events.close()
  }, [after, isPaused, askAgain])
  return { ...asked, live, connection }
}

export function Denials() {
  const [isPaused, setIsPaused] = useState(false)
  const [search, setSearch] = useState('')
  const [shown, setShown] = useState(shownAtFirst)
  const { live, error, askAgain, connection, document: first } = useDenials(isPaused)
  const codes = useAsked<CodesDocument>('/api/v1/codes')
  const guide = useMemo(() => new Map(codes.document?.codes.map((each) => [each.code, each])), [codes.document])
  const wanted = search.trim().toLowerCase()
  const found = live.filter((denial) => wanted === '' || textOf(denial).includes(wanted))
  return (
    <section class="panel" aria-labelledby="denials">
      <div class="panel-head">
        <h2 id="denials">The last {mostKept} refusals</h2>
        <div class="row">
          {isPaused ? (
            <Status tone="quiet">Paused</Status>
          ) : connection === 'live' ? (
            <Status tone="good">Live</Status>
          ) : connection === 'cut' ? (
            <Status tone="warn">Connection cut, trying again</Status>
          ) : (
            <Status tone="quiet">Connecting</Status>
          )}
          <button type="button" class="small" aria-pressed={isPaused} onClick={() => setIsPaused(!isPaused)}>
            {isPaused ? 'Go on' : 'Pause'}
          </button>
        </div>
      </div>
      <Field label="Find a code, policy, DevApp, name, serial number or request id">
        <input type="search" value={search} onInput={(event) => setSearch(typed(event))} />
      </Field>
      <Failure error={first === undefined ? error : undefined} askAgain={askAgain} />
      {first === undefined && error === undefined && <Loading what="refusals" />}
      {first !== undefined && found.length === 0 && (
        <p class="loading">
          {wanted === '' ? 'Nothing was refused yet.' : 'None of the last refusals has that in it.'}
        </p>
      )}
      {found.length > 0 && (
        <>
          <div class="denial denials-head" aria-hidden="true">
            <span>Time</span>
            <span>Code</span>
            <span>Policy</span>
            <span>DevApp</span>
            <span>Request id</span>
          </div>
          <ul class="denials">
            {found.slice(0, shown).map((denial) => (
              <Denial key={denial.number} denial={denial} guide={guide.get(denial.code)} />
            ))}
          </ul>
        </>
      )}
      {found.length > shown && (
        <button type="button" onClick={() => setShown(mostKept)}>
          Show all {found.length}
        </button>
      )}
    </section>
  )
}

/** What the third party does; and what the platform team does, unless that is nothing. */
function todoOf({ caller, operator }: CodesDocument['codes'][number]): string {
  return /^Nothing\b/.test(operator) ? `Third party: ${caller}` : `Third party: ${caller} Platform team: ${operator}`
}

const textOf = ({ code, policy, devApp, commonName, serialNumber, requestId, detail }: DenialDocument): string =>
  [code, policy, devApp, commonName, serialNumber, requestId, detail].join(' ').toLowerCase()

function Denial({
  denial,
  guide,
}: {
  readonly denial: DenialDocument
  readonly guide: CodesDocument['codes'][number] | undefined
}) {
  const [isOpen, setIsOpen] = useState(false)
  const { number, at, code, enforced, policy, devApp, commonName, requestId } = denial
  const id = `denial-${number}`
  return (
    <li class="fresh">
      <div class="denial">
        <time class="when" dateTime={at} title={full(at)}>
          {clock(at)}
        </time>
        <span class="what">
          <Status tone={enforced ? 'bad' : 'shadow'}>{code}</Status>
          {!enforced && <span class="hint"> let pass: shadow mode</span>}
        </span>
        <span>
          <span class="unseen">Policy </span>
          {policy ?? 'no policy'}
        </span>
        <span>
          <span class="unseen">DevApp </span>
          {devApp ?? (commonName === null ? '–' : `none, ${commonName}`)}
        </span>
        <span class="mono">
          <span class="unseen">Request id </span>
          {requestId ?? '–'}
        </span>
        <span class="opener">
          <button
            type="button"
            class="small"
            aria-expanded={isOpen}
            aria-controls={id}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? 'Less' : 'More'}
            <span class="unseen"> of {code}</span>
          </button>
        </span>
        <p class="todo">{guide !== undefined && <Marked text={todoOf(guide)} />}</p>
      </div>
      <div id={id} hidden={!isOpen}>
        {isOpen && <More denial={denial} guide={guide} />}
      </div>
    </li>
  )
}

function More({
  denial,
  guide,
}: {
  readonly denial: DenialDocument
  readonly guide: CodesDocument['codes'][number] | undefined
}) {
  const { number, at, commonName, serialNumber, host, ms, detail, likelyRenewalOf, explainable, policy } = denial
  const rows: readonly (readonly [string, string | null])[] = [
    ['What was found', guide?.meaning ?? null],
    ['In detail', detail],
    ['The third party', guide?.caller ?? null],
    ['The platform team', guide?.operator ?? null],
    ['Likely the renewal for', likelyRenewalOf],
    ['Certificate', commonName],
    ['Serial number', serialNumber === null ? null : shortHex(serialNumber)],
    ['Host', host],
    ['When, and how long', `${full(at)}, ${milliseconds(ms)}`],
  ]
  return (
    <div class="more">
      <dl>
        {rows.flatMap(([name, text]) =>
          text === null
            ? []
            : [
                <dt key={name}>{name}</dt>,
                <dd key={`${name}-text`}>
                  <Marked text={text} />
                </dd>,
              ],
        )}
      </dl>
      {explainable && (
        <div>
          <PageLink className="button" to={`explain?denial=${number}&policy=${encodeURIComponent(policy ?? '')}`}>
            Explain this refusal
          </PageLink>
        </div>
      )}
    </div>
  )
}
