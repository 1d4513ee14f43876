import { writeServiceFiles } from '../../demo/service_files.ts'
import { createThirdParties } from '../../demo/third_parties.ts'

/**
 * Writes examples/authz.yaml and all that it names into `folder`. `sockets` takes the place of /run/devapp-authz; the port for
 * metrics is left out, since it would have to be free.
 */
export function writeExample(folder: string, sockets = folder): void {
  const nowhere = 'http://127.0.0.1:9/'
  writeServiceFiles(folder, createThirdParties({ issuing: nowhere, other: nowhere }, new Date()), (example) =>
    example.replaceAll('/run/devapp-authz', sockets).replace(/^metrics: .*$/m, ''),
  )
}
