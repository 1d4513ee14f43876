import { hostname, userInfo } from 'node:os'
import { expect } from 'chai'
import { systemUser } from '../../../src/cli/devapp_command.ts'
import { devAppDisable } from '../../../src/cli/devapp_status.ts'
import { devApp } from '../../support/evidence.ts'
import { MemoryDevAppStore } from '../../support/memory_devapp_store.ts'
import { devAppRegistry } from './devapp_fixture.ts'

describe('a subcommand of devapp', () => {
  const { registry, holds, run, runWithoutConfig } = devAppRegistry()
  beforeEach(() => holds(devApp()))

  it('needs the configuration, and one that can be read', async () => {
    const { code, stderr } = await run(devAppDisable, 'acme', '--config', '/nowhere/authz.yaml')
    expect(code).to.equal(1)
    expect(stderr).to.equal('devapp-authz devapp disable: /nowhere/authz.yaml: no such file\n')
    const without = await runWithoutConfig(devAppDisable, 'acme')
    expect(without.code).to.equal(2)
    expect(without.stderr).to.match(/--config FILE is missing\n\n.*Usage:/s)
  })

  it('says in one sentence why the store did not take a change, and closes it', async () => {
    class BrokenStore extends MemoryDevAppStore {
      override async change(): Promise<never> {
        throw new Error('the disk is full')
      }
    }
    registry.store = new BrokenStore([devApp()])
    expect(await run(devAppDisable, 'acme', '--json')).to.deep.equal({
      ...{ code: 1, stdout: '', stderr: 'devapp-authz devapp disable: the disk is full\n' },
    })
    expect(registry.store.closed).to.equal(1)
  })

  it('names whoever makes a change on one line', async () => {
    const { code, stderr } = await run(devAppDisable, 'acme', '--by', 'sam\nroot')
    expect(code).to.equal(2)
    expect(stderr).to.match(/--by: "sam\\nroot" cannot be used/)
  })
})

describe('who makes a change', () => {
  it('is the user and host of the process, and under sudo the one who called it', () => {
    expect(systemUser({})).to.equal(`${userInfo().username}@${hostname()}`)
    expect(systemUser({ SUDO_USER: 'sam' })).to.equal(`sam@${hostname()}`)
  })
})
