import type { ComponentChildren } from 'preact'
import type { OverviewDocument } from '../../api/overview_documents.ts'
import { useAsked } from '../api.ts'
import { HourChart, seriesOf } from '../drawings/hour_chart.tsx'
import { bytes, clock, compact, full, lengthOfTime, milliseconds, number, percent } from '../format.ts'
import { Failure, Loading, Notice, Status } from '../parts.tsx'
import { Denials } from './denials.tsx'

const everyMs = 5_000
/** A registry in a file is current as long as it is watched; one in a database is looked at every few seconds. */
const staleMs = 60_000

export function Overview() {
  const { document: overview, error, askAgain } = useAsked<OverviewDocument>('/api/v1/overview', everyMs)
  return (
    <>
      <div class="head">
        <h1 tabIndex={-1}>Overview</h1>
        {overview !== undefined && (
          <p>
            {overview.ready ? <Status tone="good">Ready</Status> : <Status tone="bad">Not ready</Status>} · version{' '}
            {overview.version} · as of {clock(overview.at)}
          </p>
        )}
      </div>
      <Failure error={error} asOf={overview?.at} askAgain={askAgain} />
      {overview === undefined ? (
        error === undefined && <Loading what="the overview" />
      ) : (
        <>
          <Warnings overview={overview} />
          <Facts overview={overview} />
          <Hour hour={overview.hour} />
        </>
      )}
      <Denials />
    </>
  )
}

function Warnings({ overview }: { readonly overview: OverviewDocument }) {
  const { shadow, registry, redis, sds, missing, at } = overview
  return (
    <>
      {missing.length > 0 && (
        <Notice tone="bad" title="This process takes no requests">
          <p>{missing.join('; ')}.</p>
        </Notice>
      )}
      {shadow.policies.length > 0 && (
        <Notice tone="shadow" title={`Shadow mode: refusals under ${namesOf(shadow.policies)} are not enforced`}>
          <p>
            {shadow.wouldDeny.length === 0
              ? 'Nothing would have been refused since the start.'
              : `Would have been refused since the start: ${shadow.wouldDeny
                  .map(({ policy, code, requests }) => `${number(requests)} ${code} (${policy})`)
                  .join(', ')}.`}{' '}
            {shadow.policies.some(({ until }) => until === null)
              ? 'Until the configuration says otherwise.'
              : `Until ${full(shadow.policies[0]?.until ?? at)}.`}
          </p>
        </Notice>
      )}
      {registry.refused !== null && (
        <Notice tone="bad" title="The registry was refused: what was in force before stays">
          <p>
            {full(registry.refused.at)}: {registry.refused.reason}
          </p>
        </Notice>
      )}
      {!registry.connected && registry.refused === null && (
        <Notice tone="bad" title="The registry cannot be read: what was in force before stays">
          <p>Changes that are made now are not seen here until it is back.</p>
        </Notice>
      )}
      {registry.writable === false && (
        <Notice tone="warn" title="The registry is read-only here">
          <p>
            devapp-authz devapp cannot change {registry.name} on this host: change it where it comes from. What it says
            is in force all the same.
          </p>
        </Notice>
      )}
      {redis === 'away' && (
        <Notice tone="warn" title="Redis is away">
          <p>Each process asks the responders for itself: slower, never wrong.</p>
        </Notice>
      )}
      {sds.rejected > 0 && (
        <Notice
          tone="bad"
          title={`Envoy refused a trust store ${sds.rejected === 1 ? 'once' : `${sds.rejected} times`}`}
        >
          <p>It keeps the last one that it took; the log says why.</p>
        </Notice>
      )}
    </>
  )
}

const namesOf = (policies: OverviewDocument['shadow']['policies']): string =>
  policies.map(({ policy }) => policy).join(', ')

function Facts({ overview }: { readonly overview: OverviewDocument }) {
  const { hour, processes, registry, redis, sds, at, shadow, expiring } = overview
  const denied = Object.values(hour.denied).reduce((sum, count) => sum + count, 0)
  const all = hour.allowed + hour.shadowed + denied
  const age = registry.asOf === null ? undefined : Date.parse(at) - Date.parse(registry.asOf)
  return (
    <dl class="facts">
      <Fact name="Allowed, last hour" value={compact(hour.allowed)}>
        {percent(hour.allowed, all)} of {number(all)}
      </Fact>
      <Fact name="Refused, last hour" value={compact(denied)}>
        {percent(denied, all)}
      </Fact>
      <Fact name="Check latency, p99" value={hour.latencyMs === null ? '–' : milliseconds(hour.latencyMs.p99)}>
        {hour.latencyMs === null
          ? 'nothing was asked'
          : `p50 ${milliseconds(hour.latencyMs.p50)}, p95 ${milliseconds(hour.latencyMs.p95)}`}
      </Fact>
      <Fact name="Workers" value={number(processes.length)}>
        {processes.map(({ pid, startedAt, residentBytes, eventLoopDelayMs }) => (
          <span key={pid}>
            pid {pid}, up {lengthOfTime(Date.parse(at) - Date.parse(startedAt))}, {bytes(residentBytes)}, timers late by{' '}
            {milliseconds(eventLoopDelayMs.p99)}{' '}
          </span>
        ))}
      </Fact>
      <Fact
        name="Registry age"
        value={age === undefined ? '–' : age < staleMs ? <Status tone="good">Current</Status> : lengthOfTime(age)}
      >
        {number(registry.devApps)} DevApps, {number(registry.certificates)} certificates, {registry.name}
      </Fact>
      <Fact name="Expiring" value={expiring === null ? '–' : `${number(expiring['30d'] ?? 0)} in 30 d`}>
        {expiring === null
          ? 'not looked at yet'
          : `${number(expiring['7d'] ?? 0)} in 7 d, ${number(expiring['expired'] ?? 0)} expired`}
      </Fact>
      <Fact
        name="Redis"
        value={
          redis === 'connected' ? (
            <Status tone="good">Connected</Status>
          ) : redis === 'away' ? (
            <Status tone="bad">Away</Status>
          ) : (
            <Status tone="quiet">None</Status>
          )
        }
      >
        {redis === 'not_configured' ? 'each process remembers for itself' : 'shared OCSP answers'}
      </Fact>
      <Fact name="Trust store" value={`${number(sds.authorities)} CAs`}>
        of the chains of enabled DevApps
      </Fact>
      <Fact name="SDS version" value={<span class="mono">{sds.version?.slice(0, 8) ?? '–'}</span>}>
        {number(sds.streams)} {sds.streams === 1 ? 'stream of Envoy follows' : 'streams of Envoy follow'}
      </Fact>
      <Fact
        name="Shadow policies"
        value={
          shadow.policies.length === 0 ? (
            <Status tone="good">None</Status>
          ) : (
            <Status tone="shadow">{number(shadow.policies.length)}</Status>
          )
        }
      >
        {shadow.policies.length === 0 ? 'every refusal is enforced' : namesOf(shadow.policies)}
      </Fact>
    </dl>
  )
}

function Fact({
  name,
  value,
  children,
}: {
  readonly name: string
  readonly value: ComponentChildren
  readonly children: ComponentChildren
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="value">{value}</dd>
      <dd>{children}</dd>
    </div>
  )
}

function Hour({ hour }: { readonly hour: OverviewDocument['hour'] }) {
  const series = seriesOf(hour.denied, hour.shadowed)
  const denied = Object.values(hour.denied).reduce((sum, count) => sum + count, 0)
  const sumOf = (of: (typeof series)[number]['of']): number => hour.minutes.reduce((sum, each) => sum + of(each), 0)
  return (
    <section class="panel" aria-labelledby="hour">
      <h2 id="hour">The last hour</h2>
      <div class="hour">
        <HourChart minutes={hour.minutes} series={series} />
        <table>
          <thead>
            <tr>
              <th scope="col">Decision</th>
              <th scope="col" class="figure">
                Requests
              </th>
              <th scope="col" class="figure">
                Share
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td>
                <Swatch colour="var(--allow)" />
                allowed
              </td>
              <td class="figure">{number(hour.allowed)}</td>
              <td class="figure">{percent(hour.allowed, hour.allowed + hour.shadowed + denied)}</td>
            </tr>
            {series.map(({ name, colour, of }) => (
              <tr key={name}>
                <td>
                  <Swatch colour={colour.startsWith('url') ? 'var(--shadow-fill)' : colour} />
                  {name}
                </td>
                <td class="figure">{number(sumOf(of))}</td>
                <td class="figure">{percent(sumOf(of), hour.allowed + hour.shadowed + denied)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

export const Swatch = ({ colour }: { readonly colour: string }) => (
  <span class="swatch" style={{ background: colour }} aria-hidden="true" />
)
