import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findGoProgram } from './go_program.ts'
import type { Progress } from './program.ts'
import { installRequirements, isCurrent } from './python_environment.ts'

const folder = fileURLToPath(new URL('../../.tools/', import.meta.url))
const environment = {
  folder: join(folder, 'python'),
  requirements: fileURLToPath(new URL('packaging_tools.txt', import.meta.url)),
}

/** The path of Helm, which lints and renders the chart. */
export function findHelm(progress: Progress): string {
  return findGoProgram({ name: 'helm', path: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0' }, progress)
}

/** The path of kubeconform, which holds manifests against JSON Schemas. */
export function findKubeconform(progress: Progress): string {
  return findGoProgram(
    { name: 'kubeconform', path: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' },
    progress,
  )
}

/** The path of hadolint, which lints the Dockerfile. */
export function findHadolint(progress: Progress): string {
  install(progress)
  return join(environment.folder, 'bin', 'hadolint')
}

/**
 * A folder with the JSON Schemas of a release of Kubernetes such as `1.37.0`, unknown keys being refused, under the names that
 * kubeconform asks for: it would fetch them from the internet.
 */
export function kubernetesSchemas(release: string, progress: Progress): string {
  install(progress)
  const own = join(folder, 'kubernetes', release)
  if (existsSync(own)) return own
  const packaged = join(packages(), 'kubernetes_validate', 'kubernetes-json-schema', `v${release}-local-strict`)
  mkdirSync(own, { recursive: true })
  for (const file of readdirSync(packaged)) {
    // Their ids, and what they refer to, are places on a web server.
    const { $id: _, ...schema } = JSON.parse(readFileSync(join(packaged, file), 'utf8')) as { $id?: string }
    writeFileSync(join(own, file), JSON.stringify(schema).replaceAll('"/api/_definitions.json#', '"_definitions.json#'))
  }
  return own
}

function packages(): string {
  const library = join(environment.folder, 'lib')
  const [python = ''] = readdirSync(library).filter((name) => name.startsWith('python'))
  return join(library, python, 'site-packages')
}

function install(progress: Progress): void {
  if (isCurrent(environment)) return
  const complaint = installRequirements(
    environment,
    {
      announcement: 'Fetching hadolint and the schemas of Kubernetes from PyPI into .tools/, once (about 20 MB) ...',
      purpose: 'hadolint and the schemas of Kubernetes are fetched from PyPI',
      otherwise: 'Nothing else has them under the pinned hashes.',
    },
    progress,
  )
  if (complaint !== undefined)
    throw new Error(`hadolint and the schemas of Kubernetes could not be fetched from PyPI.\npip said:\n${complaint}`)
}
