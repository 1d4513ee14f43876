// npm run sbom: prints, in CycloneDX, what is installed beside the service. `npm sbom --omit dev` leaves out what a development
// dependency needs as well, and fails where those are not installed: this takes them out of the whole.
import { execFileSync } from 'node:child_process'
import { root } from './set_up.mjs'

const whole = JSON.parse(
  execFileSync(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'],
    // All of them are some megabytes.
    { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 },
  ),
)
const isInstalled = ({ properties = [] }) => !properties.some(({ name }) => name === 'cdx:npm:package:development')
const components = whole.components.filter(isInstalled)
const references = new Set([whole.metadata.component, ...components].map((component) => component['bom-ref']))
const dependencies = whole.dependencies
  .filter(({ ref }) => references.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => references.has(other)) }))
// npm takes the name from the folder.
const component = { ...whole.metadata.component, name: process.env.npm_package_name }
process.stdout.write(
  `${JSON.stringify({ ...whole, metadata: { ...whole.metadata, component }, components, dependencies }, null, 2)}\n`,
)
