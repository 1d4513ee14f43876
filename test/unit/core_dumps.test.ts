import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const read = (path: string): string =>
  readFileSync(join(fileURLToPath(new URL('../..', import.meta.url)), path), 'utf8')

describe('what is deployed', () => {
  it('leaves no core dump, heap snapshot or report, in which secrets would stand', () => {
    expect(read('deploy/systemd/devapp-authz.service')).to.match(/^LimitCORE=0$/m)
    for (const file of [
      'deploy/systemd/devapp-authz.service',
      'Dockerfile',
      'deploy/helm/devapp-authz/templates/_authz.tpl',
    ])
      expect(read(file), file).to.not.match(
        /--report-|--heapsnapshot|--heap-prof|--abort-on-uncaught-exception|--inspect/,
      )
    expect(read('SECURITY.md')).to.include('## Core dumps')
  })
})
