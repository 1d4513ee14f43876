import { chosen, type Dashboard } from './dashboard.ts'

export const traffic: Dashboard = {
  uid: 'devapp-authz-traffic',
  title: 'devapp-authz: traffic and refusals',
  description: 'Who is let in, who is refused and why, and how long a decision takes.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          ...{ title: 'Requests', kind: 'stat', unit: 'reqps', width: 4 },
          description: 'Decisions a second.',
          queries: [{ expr: `sum(rate(devapp_authz_decisions_total{${chosen}}[5m]))`, legend: 'requests' }],
        },
        {
          ...{ title: 'Denied', kind: 'stat', unit: 'percentunit', width: 4 },
          description: 'The part that is refused, for whatever reason.',
          queries: [
            {
              expr: `(sum(rate(devapp_authz_decisions_total{${chosen},code!="allow"}[5m])) or vector(0)) / sum(rate(devapp_authz_decisions_total{${chosen}}[5m]))`,
              legend: 'denied',
            },
          ],
        },
        {
          ...{ title: 'Not the callers’ fault', kind: 'stat', unit: 'percentunit', width: 4 },
          description:
            'Refused since a responder, the registry, the configuration or the service failed. Above zero is an outage for somebody.',
          queries: [
            {
              expr: `(sum(rate(devapp_authz_decisions_total{${chosen},code=~"revocation_unavailable|registry_unavailable|deadline_exceeded|internal_error|policy_unknown"}[5m])) or vector(0)) / sum(rate(devapp_authz_decisions_total{${chosen}}[5m]))`,
              legend: 'outage',
            },
          ],
        },
        {
          ...{ title: 'p99 of a decision', kind: 'stat', unit: 's', width: 4 },
          description: 'Inside the service. A remembered caller takes under a millisecond.',
          queries: [
            {
              expr: `histogram_quantile(0.99, sum by (le) (rate(devapp_authz_check_duration_seconds_bucket{${chosen}}[5m])))`,
              legend: 'p99',
            },
          ],
        },
        {
          ...{ title: 'Processes ready', kind: 'stat', unit: 'short', width: 4 },
          description: 'Processes that take requests.',
          queries: [{ expr: `sum(devapp_authz_ready{${chosen}})`, legend: 'ready' }],
        },
        {
          ...{ title: 'Policies in shadow mode', kind: 'stat', unit: 'short', width: 4 },
          description: 'Policies that log what they would deny, and let it pass.',
          queries: [
            {
              expr: `count(count by (policy) (devapp_authz_shadow_policies{${chosen}})) or vector(0)`,
              legend: 'policies',
            },
          ],
        },
      ],
    },
    {
      title: 'Decisions',
      panels: [
        {
          ...{ title: 'By policy', kind: 'timeseries', unit: 'reqps', width: 12, stacked: true },
          description: 'Which APIs are called.',
          queries: [
            { expr: `sum by (policy) (rate(devapp_authz_decisions_total{${chosen}}[5m]))`, legend: '{{policy}}' },
          ],
        },
        {
          ...{ title: 'Refusals by code', kind: 'timeseries', unit: 'reqps', width: 12, stacked: true },
          description: 'docs/denials.md says what each code means, and what the operator does.',
          queries: [
            {
              expr: `sum by (code) (rate(devapp_authz_decisions_total{${chosen},code!="allow"}[5m]))`,
              legend: '{{code}}',
            },
          ],
        },
        {
          ...{ title: 'Refusals by policy', kind: 'timeseries', unit: 'percentunit', width: 12 },
          description:
            'The part of each policy’s requests that is refused. One that jumps is one API or one third party.',
          queries: [
            {
              expr: `sum by (policy) (rate(devapp_authz_decisions_total{${chosen},code!="allow"}[5m])) / sum by (policy) (rate(devapp_authz_decisions_total{${chosen}}[5m]))`,
              legend: '{{policy}}',
            },
          ],
        },
        {
          ...{ title: 'By channel', kind: 'timeseries', unit: 'reqps', width: 12, stacked: true },
          description: '2-way TLS, 1-way TLS, and requests whose policy does not exist (none).',
          queries: [
            { expr: `sum by (channel) (rate(devapp_authz_decisions_total{${chosen}}[5m]))`, legend: '{{channel}}' },
          ],
        },
      ],
    },
    {
      title: 'Time',
      panels: [
        {
          ...{ title: 'Time of a decision', kind: 'timeseries', unit: 's', width: 12 },
          description: 'p50, p99 and p99.9, by channel.',
          queries: ['0.5', '0.99', '0.999'].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le, channel) (rate(devapp_authz_check_duration_seconds_bucket{${chosen}}[5m])))`,
            legend: `p${Number(quantile) * 100} {{channel}}`,
          })),
        },
        {
          ...{ title: 'Distribution', kind: 'heatmap', unit: 's', width: 12 },
          description: 'Two bands: remembered callers, and those who waited for a responder.',
          queries: [
            {
              expr: `sum by (le) (increase(devapp_authz_check_duration_seconds_bucket{${chosen}}[$__rate_interval]))`,
              legend: '{{le}}',
            },
          ],
        },
        {
          ...{ title: 'Event loop delay', kind: 'timeseries', unit: 's', width: 12 },
          description: 'How late timers fire. Above some ten milliseconds the process is short of CPU.',
          queries: [{ expr: `devapp_authz_event_loop_delay_seconds{${chosen}}`, legend: '{{instance}} {{quantile}}' }],
        },
        {
          ...{ title: 'Heap', kind: 'timeseries', unit: 'bytes', width: 12 },
          description: 'Used heap and resident memory. Flat, but for the registry’s size.',
          queries: [
            { expr: `nodejs_heap_size_used_bytes{${chosen}}`, legend: '{{instance}} heap' },
            { expr: `process_resident_memory_bytes{${chosen}}`, legend: '{{instance}} resident' },
          ],
        },
      ],
    },
    {
      title: 'Shadow mode, Basic, signatures and tracing',
      panels: [
        {
          ...{ title: 'Would be denied', kind: 'timeseries', unit: 'reqps', width: 12, stacked: true },
          description: 'What shadow mode lets pass. Zero for long enough: switch it off.',
          queries: [
            {
              expr: `sum by (policy, code) (rate(devapp_authz_shadow_denials_total{${chosen}}[5m])) or vector(0)`,
              legend: '{{policy}} {{code}}',
            },
          ],
        },
        {
          ...{ title: 'Spans dropped', kind: 'timeseries', unit: 'short', width: 12 },
          description: 'Of tracing, in five minutes: the collector is away, or too slow. No request waits for it.',
          queries: [
            {
              expr: `sum by (reason) (increase(devapp_authz_tracing_dropped_spans_total{${chosen}}[5m])) or vector(0)`,
              legend: '{{reason}}',
            },
          ],
        },
        {
          ...{ title: 'Lockouts of Basic', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'Refusals for too many failed attempts. Many: somebody is guessing.',
          queries: [
            {
              expr: `sum by (by) (rate(devapp_authz_basic_lockouts_total{${chosen}}[5m])) or vector(0)`,
              legend: '{{by}}',
            },
          ],
        },
        {
          ...{ title: 'Locked now', kind: 'timeseries', unit: 'short', width: 12 },
          description:
            'Locks of Basic in force, as the fleet knows them: ClientKeys at an address, addresses, and ClientKeys that are guessed from many addresses. devapp-authz basic lockouts lists them.',
          queries: [{ expr: `max by (by) (devapp_authz_basic_locked{${chosen}})`, legend: '{{by}}' }],
        },
        {
          ...{ title: 'Signatures that may have been used before', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'Signed requests let pass by on_replay_unavailable: allow. A replay among them is not noticed.',
          queries: [
            {
              expr: `sum(rate(devapp_authz_signature_replay_waived_total{${chosen}}[5m])) or vector(0)`,
              legend: 'let pass',
            },
          ],
        },
      ],
    },
  ],
}
