import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import type { DevAppsDocument, HorizonDocument, RenewalsDocument } from '../../api/devapp_documents.ts'
import { type ApiError, ask, useAsked } from '../api.ts'
import { ExpiryLine, HorizonChart } from '../drawings/horizon_chart.tsx'
import { clock, fromNow, full, nameIn, number } from '../format.ts'
import { Failure, Field, Loading, Notice, Status, typed } from '../parts.tsx'
import { VirtualList } from '../virtual_list.tsx'

type DevApp = DevAppsDocument['devApps'][number]

const everyMs = 15_000

const everything = { search: '', status: '', environment: '', expiring: '', sort: 'id' }

function queryOf(choice: typeof everything, offset: number, limit: number): string {
  const given = Object.entries({ ...choice, offset: String(offset), limit: String(limit) })
  return new URLSearchParams(given.filter(([, value]) => value.trim() !== '')).toString()
}

export function DevAppsPage() {
  const [choice, setChoice] = useState(everything)
  const [rowError, setRowError] = useState<ApiError>()
  const [chosen, setChosen] = useState<DevApp>()
  const path = '/api/v1/devapps'
  const { document: page, error, askAgain } = useAsked<DevAppsDocument>(`${path}?${queryOf(choice, 0, 1)}`, everyMs)
  const horizon = useAsked<HorizonDocument>('/api/v1/devapps/horizon', everyMs)
  const narrow = (part: Partial<typeof everything>): void => setChoice({ ...choice, ...part })
  const rowsAt = useCallback(
    async (offset: number, limit: number, signal: AbortSignal): Promise<readonly DevApp[]> => {
      const { devApps } = await ask<DevAppsDocument>(`${path}?${queryOf(choice, offset, limit)}`, undefined, signal)
      return devApps
    },
    [choice],
  )
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>DevApps</h1>
        <p>Who may call, and until when. Secrets are not shown: the service does not have them.</p>
      </div>
      <Failure error={error ?? rowError} asOf={page?.at} askAgain={askAgain} />
      <Renewals />
      <section class="panel" aria-labelledby="horizon">
        <h2 id="horizon">When certificates expire</h2>
        {horizon.document === undefined ? (
          <Failure error={error === undefined ? horizon.error : undefined} />
        ) : (
          <HorizonChart horizon={horizon.document} />
        )}
      </section>
      <section class="panel" aria-labelledby="devapps">
        <div class="panel-head">
          <h2 id="devapps">All DevApps</h2>
          <span class="hint">{page !== undefined && `${number(page.total)} found, as of ${clock(page.at)}`}</span>
        </div>
        <div class="filters">
          <Field wide label="Id, name, ClientKey, product, label or certificate">
            <input type="search" value={choice.search} onInput={(event) => narrow({ search: typed(event) })} />
          </Field>
          <Field label="Status">
            <select value={choice.status} onChange={(event) => narrow({ status: typed(event) })}>
              <option value="">Any</option>
              <option value="enabled">enabled</option>
              <option value="disabled">disabled</option>
            </select>
          </Field>
          <Field label="Environment">
            <select value={choice.environment} onChange={(event) => narrow({ environment: typed(event) })}>
              <option value="">Any</option>
              <option value="production">production</option>
              <option value="staging">staging</option>
            </select>
          </Field>
          <Field label="Certificates">
            <select value={choice.expiring} onChange={(event) => narrow({ expiring: typed(event) })}>
              <option value="">Any</option>
              <option value="0">expired</option>
              <option value="7">expired, or within 7 days</option>
              <option value="30">expired, or within 30 days</option>
              <option value="90">expired, or within 90 days</option>
            </select>
          </Field>
          <Field label="Order">
            <select value={choice.sort} onChange={(event) => narrow({ sort: typed(event) })}>
              <option value="id">by id</option>
              <option value="expiry">the next to expire first</option>
            </select>
          </Field>
        </div>
        {page === undefined ? (
          error === undefined && <Loading what="DevApps" />
        ) : page.total === 0 ? (
          <p class="loading">No DevApp is like that.</p>
        ) : (
          <div class="devapp-list">
            <VirtualList
              label="DevApps"
              columns={['DevApp', 'Status', 'Products', 'Certificates, from now to a year ahead']}
              total={page.total}
              rowHeight={56}
              choice={JSON.stringify(choice)}
              turn={page.at}
              rowsAt={rowsAt}
              onError={setRowError}
              row={(devApp) => <Row devApp={devApp} now={page.at} onChosen={setChosen} />}
            />
          </div>
        )}
      </section>
      {chosen !== undefined && page !== undefined && (
        <Details devApp={chosen} now={page.at} onClosed={() => setChosen(undefined)} />
      )}
    </>
  )
}

function Row({
  devApp,
  now,
  onChosen,
}: {
  readonly devApp: DevApp
  readonly now: string
  readonly onChosen: (devApp: DevApp) => void
}) {
  const { id, name, environment, status, products, certificates } = devApp
  const [next] = certificates
  return (
    <>
      <span role="cell" class="two">
        <span>
          <button type="button" class="linked" onClick={() => onChosen(devApp)}>
            {id}
          </button>
        </span>
        <small>{name}</small>
      </span>
      <span role="cell" class="two">
        <Status tone={status === 'enabled' ? 'good' : 'quiet'}>{status}</Status>
        <small>{environment}</small>
      </span>
      <span role="cell" class="two">
        <span>{products.join(', ') || '–'}</span>
        <small>{certificates.length === 1 ? '1 certificate' : `${certificates.length} certificates`}</small>
      </span>
      <span role="cell">
        <ExpiryLine certificates={certificates} now={now} />
        <small class="hint">
          {next === undefined
            ? 'none'
            : `${Date.parse(next.notAfter) < Date.parse(now) ? 'ended' : 'ends'} ${fromNow(next.notAfter, now)}`}
        </small>
      </span>
    </>
  )
}

function Renewals() {
  const { document: known } = useAsked<RenewalsDocument>('/api/v1/renewals', everyMs)
  if (known === undefined || known.waiting.length === 0) return null
  const count = known.waiting.length
  return (
    <Notice
      tone="warn"
      title={
        count === 1 ? 'A renewed certificate waits to be attached' : `${count} renewed certificates wait to be attached`
      }
    >
      <ul>
        {known.waiting.map(({ devApps, commonName, serialNumber, requests, last, sha256 }) => (
          <li key={sha256}>
            <strong>{devApps}</strong>: {commonName ?? 'a certificate'}, serial number{' '}
            <span class="mono">{serialNumber}</span>, was refused{' '}
            {requests === 1 ? 'once' : `${number(requests)} times`}, last {fromNow(last, known.at)}. Attach it with its
            chain: <code>devapp-authz devapp attach-certificate</code>.
          </li>
        ))}
      </ul>
    </Notice>
  )
}

function Details({
  devApp,
  now,
  onClosed,
}: {
  readonly devApp: DevApp
  readonly now: string
  readonly onClosed: () => void
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  const { id, name, environment, status, clientKey, secretsInForce, products, labels, certificates } = devApp
  const secrets =
    secretsInForce === 0 ? 'none in force' : secretsInForce === 1 ? '1 in force' : `${secretsInForce} in force`
  return (
    <dialog ref={dialog} onClose={onClosed} aria-labelledby="details">
      <div class="panel-head">
        <h2 id="details">{id}</h2>
        <button type="button" class="small" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <div class="more">
        <dl>
          <dt>Name</dt>
          <dd>{name}</dd>
          <dt>Status</dt>
          <dd>
            {status}, {environment}
          </dd>
          <dt>ClientKey</dt>
          <dd class="mono">{clientKey}</dd>
          <dt>ClientSecrets</dt>
          <dd>{secrets}, never shown</dd>
          <dt>Products</dt>
          <dd>{products.join(', ') || 'none'}</dd>
          {Object.entries(labels).map(([label, value]) => [
            <dt key={label}>{label}</dt>,
            <dd key={`${label}-value`}>{value}</dd>,
          ])}
        </dl>
      </div>
      {certificates.map(({ commonName, serialNumber, issuer, sha256, notBefore, notAfter, sharedWith }) => (
        <div class="more" key={sha256}>
          <h3>{commonName}</h3>
          <dl>
            <dt>Valid</dt>
            <dd>
              {full(notBefore)} to {full(notAfter)}, {Date.parse(notAfter) < Date.parse(now) ? 'ended' : 'ends'}{' '}
              {fromNow(notAfter, now)}
            </dd>
            <dt>Issuer</dt>
            <dd>{nameIn(issuer)}</dd>
            <dt>Serial number</dt>
            <dd class="mono">{serialNumber}</dd>
            <dt>SHA-256</dt>
            <dd class="mono">{sha256}</dd>
            {sharedWith.length > 0 && (
              <>
                <dt>Also of</dt>
                <dd>{sharedWith.join(', ')}</dd>
              </>
            )}
          </dl>
        </div>
      ))}
    </dialog>
  )
}
