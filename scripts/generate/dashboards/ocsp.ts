import { chosen, type Dashboard } from './dashboard.ts'

export const ocsp: Dashboard = {
  uid: 'devapp-authz-ocsp',
  title: 'devapp-authz: the OCSP cache',
  description:
    'How fresh the answers are, who waits for them, and how the responders and Redis do. For tuning, see docs/ocsp-tuning.md.',
  rows: [
    {
      title: 'Do answers come before they are asked for?',
      panels: [
        {
          ...{ title: 'Hits in memory', kind: 'stat', unit: 'percentunit', width: 6 },
          description: 'The part of lookups that memory answers. Should be all but the first ones after a start.',
          queries: [
            {
              expr: `sum(rate(devapp_authz_ocsp_lookups_total{${chosen},tier="memory",result="hit"}[5m])) / sum(rate(devapp_authz_ocsp_lookups_total{${chosen},tier="memory"}[5m]))`,
              legend: 'hits',
            },
          ],
        },
        {
          ...{ title: 'Requests that wait', kind: 'stat', unit: 'reqps', width: 6 },
          description: 'Requests that waited for a responder.',
          queries: [{ expr: `sum(rate(devapp_authz_ocsp_request_waits_total{${chosen}}[5m]))`, legend: 'waits' }],
        },
        {
          ...{ title: 'First answer to end', kind: 'stat', unit: 's', width: 6 },
          description:
            'Until the nextUpdate of the answer that ends first: how long an outage of that responder may last.',
          queries: [{ expr: `min(devapp_authz_ocsp_next_update_seconds_min{${chosen}})`, legend: 'left' }],
        },
        {
          ...{ title: 'Answers in memory', kind: 'stat', unit: 'short', width: 6 },
          description: 'Of one process, the most. At ocsp.cache.memory.max_entries the least used are forgotten.',
          queries: [{ expr: `max(devapp_authz_ocsp_remembered_answers{${chosen}})`, legend: 'answers' }],
        },
        {
          ...{ title: 'Lookups by tier', kind: 'timeseries', unit: 'reqps', width: 12, stacked: true },
          description: 'Memory, then Redis, then the responder. The lower two are for starts and new certificates.',
          queries: [
            {
              expr: `sum by (tier, result) (rate(devapp_authz_ocsp_lookups_total{${chosen}}[5m]))`,
              legend: '{{tier}} {{result}}',
            },
          ],
        },
        {
          ...{ title: 'Waits and timeouts', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'Requests that waited, and those whose ocsp.timeout passed first.',
          queries: [
            { expr: `sum(rate(devapp_authz_ocsp_request_waits_total{${chosen}}[5m]))`, legend: 'waited' },
            { expr: `sum(rate(devapp_authz_ocsp_request_timeouts_total{${chosen}}[5m]))`, legend: 'timed out' },
          ],
        },
      ],
    },
    {
      title: 'Freshness',
      panels: [
        {
          ...{ title: 'Certificates by status', kind: 'timeseries', unit: 'short', width: 8, stacked: true },
          description:
            'What is known of every registered certificate. unavailable and pending would wait or be refused.',
          queries: [{ expr: `max by (status) (devapp_authz_ocsp_entries{${chosen}})`, legend: '{{status}}' }],
        },
        {
          ...{ title: 'Answers by age', kind: 'bargauge', unit: 'short', width: 8 },
          description:
            'How many answers are at most so many seconds old, cumulative: how soon a revocation is noticed.',
          queries: [{ expr: `max by (le) (devapp_authz_ocsp_answers_by_age{${chosen}})`, legend: '{{le}} s' }],
        },
        {
          ...{ title: 'Answers by time left', kind: 'bargauge', unit: 'short', width: 8 },
          description:
            'How many answers end within so many seconds, cumulative. What piles up on the left is not being renewed.',
          queries: [{ expr: `max by (le) (devapp_authz_ocsp_answers_by_remaining{${chosen}})`, legend: '{{le}} s' }],
        },
        {
          ...{ title: 'Renewals ahead of time', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'answered and failed by this fleet, adopted from a neighbour.',
          queries: [
            { expr: `sum by (result) (rate(devapp_authz_ocsp_refreshes_total{${chosen}}[5m]))`, legend: '{{result}}' },
          ],
        },
        {
          ...{ title: 'The fleet’s lease', kind: 'timeseries', unit: 'reqps', width: 12 },
          description:
            'granted: this process asks. taken and quiet: a neighbour does, or did. failed: Redis could not be asked.',
          queries: [
            { expr: `sum by (result) (rate(devapp_authz_ocsp_leases_total{${chosen}}[5m]))`, legend: '{{result}}' },
          ],
        },
      ],
    },
    {
      title: 'Responders',
      panels: [
        {
          ...{ title: 'Requests by outcome', kind: 'timeseries', unit: 'reqps', width: 8, stacked: true },
          description: 'answered, or what went wrong.',
          queries: [
            {
              expr: `sum by (responder, outcome) (rate(devapp_authz_ocsp_responder_duration_seconds_count{${chosen}}[5m]))`,
              legend: '{{responder}} {{outcome}}',
            },
          ],
        },
        {
          ...{ title: 'p95 of an answer', kind: 'timeseries', unit: 's', width: 8 },
          description: 'How long each responder takes. Keep ocsp.timeout above it, or let requests not wait at all.',
          queries: [
            {
              expr: `histogram_quantile(0.95, sum by (le, responder) (rate(devapp_authz_ocsp_responder_duration_seconds_bucket{${chosen}}[5m])))`,
              legend: '{{responder}}',
            },
          ],
        },
        {
          ...{ title: 'Breakers', kind: 'timeseries', unit: 'short', width: 8 },
          description: '1: the responder is not asked. 0.5: one request tries it.',
          queries: [
            { expr: `max by (responder) (devapp_authz_ocsp_breaker_open{${chosen}})`, legend: '{{responder}}' },
          ],
        },
        {
          ...{ title: 'Answers that did not verify', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'From a responder: a mistake of the CA. From Redis: somebody writes into it.',
          queries: [
            {
              expr: `sum by (tier) (rate(devapp_authz_ocsp_rejected_answers_total{${chosen}}[5m]))`,
              legend: '{{tier}}',
            },
          ],
        },
        {
          ...{ title: 'Let pass without an answer', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'What on_unavailable: allow and on_no_source: allow were used for.',
          queries: [{ expr: `sum by (reason) (rate(devapp_authz_waived_total{${chosen}}[5m]))`, legend: '{{reason}}' }],
        },
      ],
    },
    {
      title: 'Redis',
      panels: [
        {
          ...{ title: 'Connected', kind: 'timeseries', unit: 'short', width: 8 },
          description: 'Redis lost means more requests to responders, and never a wrong answer.',
          queries: [{ expr: `devapp_authz_redis_up{${chosen}}`, legend: '{{instance}}' }],
        },
        {
          ...{ title: 'Time of a command', kind: 'timeseries', unit: 's', width: 8 },
          description: 'p50 and p99. Far below ocsp.cache.redis.timeout.',
          queries: ['0.5', '0.99'].map((quantile) => ({
            expr: `histogram_quantile(${quantile}, sum by (le) (rate(devapp_authz_redis_command_duration_seconds_bucket{${chosen}}[5m])))`,
            legend: `p${Number(quantile) * 100}`,
          })),
        },
        {
          ...{ title: 'Failed commands', kind: 'timeseries', unit: 'reqps', width: 8 },
          description: 'timeout, refused, or no connection.',
          queries: [
            {
              expr: `sum by (cause) (rate(devapp_authz_redis_command_failures_total{${chosen}}[5m]))`,
              legend: '{{cause}}',
            },
          ],
        },
      ],
    },
  ],
}
