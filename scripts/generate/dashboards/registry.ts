import { chosen, type Dashboard } from './dashboard.ts'

export const registry: Dashboard = {
  uid: 'devapp-authz-registry',
  title: 'devapp-authz: registry and certificates',
  description: 'Which DevApps are in force, whose certificates expire, and whether Envoy has the trust store.',
  rows: [
    {
      title: 'Registry',
      panels: [
        {
          ...{ title: 'DevApps', kind: 'timeseries', unit: 'short', width: 8, stacked: true },
          description: 'In force, of one process. A sudden fall is a wrong edit.',
          queries: [
            {
              expr: `max by (status, environment) (devapp_authz_registry_devapps{${chosen}})`,
              legend: '{{status}} {{environment}}',
            },
          ],
        },
        {
          ...{ title: 'Certificates', kind: 'stat', unit: 'short', width: 4 },
          description: 'Distinct registered leaves.',
          queries: [{ expr: `max(devapp_authz_registry_certificates{${chosen}})`, legend: 'certificates' }],
        },
        {
          ...{ title: 'Age of the registry in force', kind: 'timeseries', unit: 's', width: 12 },
          description: 'Since it was last known to be current. It grows while the database is away.',
          queries: [{ expr: `devapp_authz_registry_age_seconds{${chosen}}`, legend: '{{instance}}' }],
        },
        {
          ...{ title: 'Readings of the registry', kind: 'timeseries', unit: 'short', width: 12 },
          description: 'In the last five minutes: loaded, or refused as a whole. The log says why.',
          queries: [
            {
              expr: `sum by (result) (increase(devapp_authz_registry_loads_total{${chosen}}[5m]))`,
              legend: '{{result}}',
            },
          ],
        },
        {
          ...{ title: 'Readings of the configuration', kind: 'timeseries', unit: 'short', width: 12 },
          description: 'In the last five minutes: loaded, unchanged, or refused as a whole.',
          queries: [
            {
              expr: `sum by (result) (increase(devapp_authz_config_reloads_total{${chosen}}[5m])) or vector(0)`,
              legend: '{{result}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Certificates',
      panels: [
        {
          ...{ title: 'Expiring', kind: 'bargauge', unit: 'short', width: 12 },
          description:
            'Registered leaves whose notAfter is near, cumulative. `devapp-authz devapp list --expiring 30d` names them.',
          queries: [{ expr: `max by (within) (devapp_authz_certificates_expiring{${chosen}})`, legend: '{{within}}' }],
        },
        {
          ...{ title: 'Likely renewals', kind: 'timeseries', unit: 'reqps', width: 12 },
          description: 'Third parties that use a new certificate before it was attached.',
          queries: [{ expr: `sum(rate(devapp_authz_likely_renewals_total{${chosen}}[5m]))`, legend: 'refused' }],
        },
      ],
    },
    {
      title: 'Envoy’s trust store',
      panels: [
        {
          ...{ title: 'CAs', kind: 'stat', unit: 'short', width: 6 },
          description: 'Zero trusts nobody.',
          queries: [{ expr: `max(devapp_authz_truststore_authorities{${chosen}})`, legend: 'CAs' }],
        },
        {
          ...{ title: 'Envoys that follow it', kind: 'timeseries', unit: 'short', width: 6 },
          description: 'Streams. Zero: changes do not arrive.',
          queries: [{ expr: `devapp_authz_sds_streams{${chosen}}`, legend: '{{instance}}' }],
        },
        {
          ...{ title: 'Changes', kind: 'timeseries', unit: 'short', width: 6 },
          description: 'How often it has changed since the start.',
          queries: [{ expr: `devapp_authz_truststore_version{${chosen}}`, legend: '{{instance}}' }],
        },
        {
          ...{ title: 'Answers of Envoy', kind: 'timeseries', unit: 'short', width: 6 },
          description:
            'In the last five minutes: sent, taken over (ack), refused (nack). After a nack Envoy keeps the last one.',
          queries: [
            {
              expr: `sum by (result) (increase(devapp_authz_sds_responses_total{${chosen}}[5m]))`,
              legend: '{{result}}',
            },
          ],
        },
      ],
    },
  ],
}
