import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { FileDevAppStore } from '../../src/registry/file_devapp_store.ts'
import { FileStore } from '../../src/registry/file_store.ts'
import { describeDevAppStore } from '../support/devapp_store_contract.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

describeDevAppStore('a registry file', async () => {
  const folder = temporaryFolder('file-devapp-store')
  const file = join(folder.path, 'devapps.yaml')
  writeFileSync(file, 'devapps: []\n')
  return {
    store: new FileDevAppStore(file),
    neighbour: new FileDevAppStore(file),
    source: (observer) => new FileStore(file, observer),
    close: async () => folder.remove(),
  }
})
