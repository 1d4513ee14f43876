import { useCallback, useState } from 'preact/hooks'
import type {
  ChoicesDocument,
  EntryPageDocument,
  RatesDocument,
  RespondersDocument,
} from '../../api/ocsp_operations.ts'
import { type ApiError, ask, useAsked } from '../api.ts'
import { TierCharts } from '../drawings/tier_chart.tsx'
import { BarAxis, BarPatterns, type Entry, type Span, statusWords, toneOf, UpdateBar } from '../drawings/update_bar.tsx'
import { clock, fromNow, milliseconds, nameIn, number } from '../format.ts'
import { Failure, Field, Loading, Status, typed } from '../parts.tsx'
import { VirtualList } from '../virtual_list.tsx'

const everyMs = 10_000
const statuses = ['unavailable', 'pending', 'revoked', 'unknown', 'good', 'no_source'] as const

interface Choice {
  readonly search: string
  readonly devapp: string
  readonly issuer: string
  readonly responder: string
  readonly status: string
}

const everything: Choice = { search: '', devapp: '', issuer: '', responder: '', status: '' }

function queryOf(choice: Choice, offset: number, limit: number): string {
  const given = Object.entries({ ...choice, offset: String(offset), limit: String(limit) })
  return new URLSearchParams(given.filter(([, value]) => value.trim() !== '')).toString()
}

export function OcspPage() {
  const [choice, setChoice] = useState(everything)
  const [rowError, setRowError] = useState<ApiError>()
  const path = '/api/v1/ocsp/certificates'
  const first = useAsked<EntryPageDocument>(`${path}?${queryOf(choice, 0, 1)}`, everyMs)
  const all = useAsked<EntryPageDocument>(`${path}?limit=1`, everyMs)
  const choices = useAsked<ChoicesDocument>('/api/v1/ocsp/choices', 60_000)
  const { document: page, error, askAgain } = first
  const narrow = (part: Partial<Choice>): void => setChoice({ ...choice, ...part })
  const rowsAt = useCallback(
    async (offset: number, limit: number, signal: AbortSignal): Promise<readonly Entry[]> => {
      const { entries } = await ask<EntryPageDocument>(`${path}?${queryOf(choice, offset, limit)}`, undefined, signal)
      return entries
    },
    [choice],
  )
  const span = page === undefined ? undefined : spanOf(page)
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>OCSP cache</h1>
        <p>What is known of the revocation of each registered certificate, the most urgent first.</p>
      </div>
      <Failure error={error ?? rowError} asOf={page?.at} askAgain={askAgain} />
      <Tiers />
      <section class="panel" aria-labelledby="certificates">
        <div class="panel-head">
          <h2 id="certificates">Certificates</h2>
          <span class="hint">{page !== undefined && `${number(page.total)} found, as of ${clock(page.at)}`}</span>
        </div>
        <BarPatterns />
        <fieldset class="chips">
          <legend class="unseen">Status</legend>
          <button type="button" aria-pressed={choice.status === ''} onClick={() => narrow({ status: '' })}>
            All {all.document !== undefined && number(all.document.total)}
          </button>
          {statuses.map((status) => (
            <button
              type="button"
              key={status}
              aria-pressed={choice.status === status}
              onClick={() => narrow({ status: choice.status === status ? '' : status })}
            >
              <Status tone={toneOf[status] ?? 'quiet'}>{statusWords[status]}</Status>
              {all.document !== undefined && number(all.document.byStatus[status])}
            </button>
          ))}
        </fieldset>
        <div class="filters">
          <Field label="Name or serial number">
            <input type="search" value={choice.search} onInput={(event) => narrow({ search: typed(event) })} />
          </Field>
          <Field label="DevApp, by its id">
            <input type="search" value={choice.devapp} onInput={(event) => narrow({ devapp: typed(event) })} />
          </Field>
          <Field label="Issuer">
            <select value={choice.issuer} onChange={(event) => narrow({ issuer: typed(event) })}>
              <option value="">All</option>
              {choices.document?.issuers.map(({ sha256, subject, certificates }) => (
                <option key={sha256} value={sha256}>
                  {nameIn(subject)} ({number(certificates)})
                </option>
              ))}
            </select>
          </Field>
          <Field label="Responder">
            <select value={choice.responder} onChange={(event) => narrow({ responder: typed(event) })}>
              <option value="">All</option>
              {choices.document?.responders.map(({ origin, certificates }) => (
                <option key={origin} value={origin}>
                  {origin} ({number(certificates)})
                </option>
              ))}
            </select>
          </Field>
        </div>
        <p class="legend">
          <span>Bar: thisUpdate to nextUpdate</span>
          <span>Hatched: by a CRL</span>
          <span>Line with a dot: the next refresh</span>
        </p>
        {page === undefined ? (
          error === undefined && <Loading what="certificates" />
        ) : page.total === 0 ? (
          <p class="loading">No registered certificate is like that.</p>
        ) : (
          <div class="ocsp-list">
            {span !== undefined && (
              <div class="list-head axis-row" aria-hidden="true">
                <span />
                <span />
                <BarAxis span={span} now={page.at} />
                <span />
              </div>
            )}
            <VirtualList
              label="Registered certificates, the most urgent first"
              columns={['Certificate', 'Status', 'From thisUpdate to nextUpdate', 'Next refresh']}
              total={page.total}
              rowHeight={52}
              choice={JSON.stringify(choice)}
              turn={page.at}
              rowsAt={rowsAt}
              onError={setRowError}
              row={(entry) => <Row entry={entry} span={span} now={page.at} />}
            />
          </div>
        )}
      </section>
      <Responders />
    </>
  )
}

/** Some room before and after, and never less than what shows now. */
function spanOf({ span, at }: EntryPageDocument): Span | undefined {
  if (span === null) return undefined
  const nowMs = Date.parse(at)
  const monthMs = 31 * 86_400_000
  return {
    fromMs: Math.max(Date.parse(span.from), nowMs - monthMs),
    toMs: Math.min(Math.max(Date.parse(span.to), nowMs + 60_000), nowMs + monthMs),
  }
}

function Row({ entry, span, now }: { readonly entry: Entry; readonly span: Span | undefined; readonly now: string }) {
  const { commonName, devApps, serialNumber, status, source, lastError, nextRefresh, nextUpdate } = entry
  return (
    <>
      <span role="cell" class="two">
        <span title={`serial number ${serialNumber}`}>{commonName}</span>
        <small>{devApps.join(', ') || 'no DevApp'}</small>
      </span>
      <span role="cell" class="two">
        <Status tone={toneOf[status] ?? 'quiet'}>{statusWords[status] ?? status}</Status>
        <small title={lastError === null ? undefined : lastError.cause}>
          {lastError === null ? (source === null ? '' : `by ${source.toUpperCase()}`) : lastError.cause}
        </small>
      </span>
      <span role="cell">{span !== undefined && <UpdateBar entry={entry} span={span} now={now} />}</span>
      <span role="cell" class="two">
        <span>{nextRefresh === null ? '–' : fromNow(nextRefresh, now)}</span>
        <small>{nextUpdate === null ? '' : `ends ${fromNow(nextUpdate, now)}`}</small>
      </span>
    </>
  )
}

function Tiers() {
  const { document: rates, error } = useAsked<RatesDocument>('/api/v1/ocsp/rates', everyMs)
  return (
    <section class="panel" aria-labelledby="tiers">
      <h2 id="tiers">Where answers were found, minute by minute</h2>
      <Failure error={rates === undefined ? error : undefined} />
      {rates !== undefined &&
        (rates.minutes.length === 0 ? (
          <p class="hint">The first minute since the start is not over yet.</p>
        ) : (
          <TierCharts minutes={rates.minutes} />
        ))}
    </section>
  )
}

function Responders() {
  const { document: known, error } = useAsked<RespondersDocument>('/api/v1/ocsp/responders', everyMs)
  return (
    <section class="panel" aria-labelledby="responders">
      <h2 id="responders">Responders</h2>
      <Failure error={known === undefined ? error : undefined} />
      {known !== undefined && known.responders.length === 0 && <p class="hint">None was asked yet.</p>}
      {known !== undefined && known.responders.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label="Table of responders">
          <table>
            <thead>
              <tr>
                <th scope="col">Responder</th>
                <th scope="col">Breaker</th>
                <th scope="col" class="figure">
                  Median
                </th>
                <th scope="col" class="figure">
                  Longest
                </th>
                <th scope="col" class="figure">
                  Asked
                </th>
                <th scope="col" class="figure">
                  Failed
                </th>
                <th scope="col">Last error</th>
              </tr>
            </thead>
            <tbody>
              {known.responders.map(({ responder, breaker, medianMs, longestMs, requests, failures, lastError }) => (
                <tr key={responder}>
                  <td>{responder}</td>
                  <td>
                    {breaker === 'closed' ? (
                      <Status tone="good">closed</Status>
                    ) : breaker === 'open' ? (
                      <Status tone="bad">open: not asked</Status>
                    ) : (
                      <Status tone="warn">half open: probing</Status>
                    )}
                  </td>
                  <td class="figure">{milliseconds(medianMs)}</td>
                  <td class="figure">{milliseconds(longestMs)}</td>
                  <td class="figure">{number(requests)}</td>
                  <td class="figure">{number(failures)}</td>
                  <td>{lastError === null ? 'none' : `${lastError.cause}, ${fromNow(lastError.at, known.at)}`}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}
