import { expect } from 'chai'
import { createLog, type Logger } from '../../../src/ops/log.ts'
import { RunningLogLevel } from '../../../src/ops/log_level.ts'
import { now } from '../../support/evidence.ts'

describe('the level of the log while it runs', () => {
  let level: RunningLogLevel
  let log: Logger
  let told: unknown[]
  let onTold: (() => void) | undefined
  beforeEach(() => {
    told = []
    log = createLog('info', { write: () => {} })
    const info = (what: unknown): void => {
      told.push(what)
      onTold?.()
    }
    level = new RunningLogLevel({ log, audit: { info: info as never }, clock: () => now })
  })
  afterEach(() => level.stop())

  it('is the configured one at first', () => {
    expect(level.inForce).to.deep.equal({ level: 'info', configured: 'info', until: undefined })
  })

  it('is another one for a while, which the audit knows, and then the configured one again', async () => {
    const over = new Promise<void>((resolve) => {
      onTold = () => {
        if (told.length === 2) resolve()
      }
    })
    const until = new Date(now.getTime() + 20)
    expect(level.set('debug', 20)).to.deep.equal({ level: 'debug', configured: 'info', until })
    expect(log.isLevelEnabled('debug')).to.equal(true)
    await over
    expect(level.inForce).to.deep.equal({ level: 'info', configured: 'info', until: undefined })
    expect(log.isLevelEnabled('debug')).to.equal(false)
    expect(told).to.deep.equal([
      { log_level: 'debug', until },
      { log_level: 'info', until: undefined },
    ])
  })

  it('follows the configuration, once its own time is over', () => {
    level.configure('warn')
    expect(level.inForce.level).to.equal('warn')
    level.set('debug', 60_000)
    level.configure('error')
    expect(level.inForce).to.include({ level: 'debug', configured: 'error' })
    expect(level.set('error', 60_000)).to.deep.equal({ level: 'error', configured: 'error', until: undefined })
  })

  it('counts from the last change, and has no end where it is the configured one', () => {
    level.set('debug', 60_000)
    expect(level.set('warn', 120_000).until).to.deep.equal(new Date(now.getTime() + 120_000))
    expect(level.set('info', 60_000).until).to.equal(undefined)
  })
})
