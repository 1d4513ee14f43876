/**
 * npm run generate: writes what is made from code and from Envoy's protos. With `--check` it writes nothing, names every
 * file that is stale, and exits with 1.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkEnvoyGuide } from './generate/check_envoy_guide.ts'
import { configurationGuide } from './generate/configuration_guide.ts'
import { configurationSchema } from './generate/configuration_schema.ts'
import { dashboardJson } from './generate/dashboards/dashboard.ts'
import { ocsp } from './generate/dashboards/ocsp.ts'
import { registry } from './generate/dashboards/registry.ts'
import { traffic } from './generate/dashboards/traffic.ts'
import { denialsGuide } from './generate/denials_guide.ts'
import { envoyTypes, envoyTypesFolder } from './generate/envoy_types.ts'
import { type GeneratedFile, root, staleFiles, writeFiles } from './generate/generated_file.ts'
import { intakeGuide } from './generate/intake_guide.ts'
import { metricsGuide } from './generate/metrics_guide.ts'

const chartFiles = ['envoy.yaml', 'sds/api.example.com.yaml', 'sds/api2.example.com.yaml']

const files: readonly GeneratedFile[] = [
  ...envoyTypes(),
  { path: 'docs/check-envoy.md', text: checkEnvoyGuide() },
  { path: 'docs/configuration.md', text: configurationGuide() },
  { path: 'docs/configuration.schema.json', text: configurationSchema() },
  { path: 'docs/denials.md', text: denialsGuide() },
  { path: 'docs/metrics.md', text: metricsGuide() },
  { path: 'docs/intake.md', text: intakeGuide() },
  // Helm reads nothing outside its chart.
  ...chartFiles.map((file) => ({
    path: `deploy/helm/devapp-authz/files/${file}`,
    text: readFileSync(join(root, 'envoy', file), 'utf8'),
  })),
  ...[traffic, ocsp, registry].map((dashboard) => ({
    path: `deploy/grafana/${dashboard.uid}.json`,
    text: dashboardJson(dashboard),
  })),
]
/** Nothing else belongs there. */
const ownFolders = [envoyTypesFolder, 'deploy/grafana']

const stale = staleFiles(files, ownFolders)
if (process.argv.includes('--check')) {
  for (const { path, reason } of stale) console.error(`${path} ${reason}`)
  if (stale.length > 0) console.error('Run `npm run generate`, and commit what it wrote.')
  else console.log(`${files.length} generated files are up to date.`)
  process.exitCode = stale.length > 0 ? 1 : 0
} else {
  writeFiles(files, ownFolders)
  for (const { path } of stale) console.log(path)
  console.log(`${stale.length} of ${files.length} generated files changed.`)
}
