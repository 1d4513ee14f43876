import { expect } from 'chai'
import fc from 'fast-check'
import { createLog, type LogLevel, writeInfo } from '../../../src/ops/log.ts'

function into(level: LogLevel = 'info') {
  const lines: string[] = []
  return { lines, log: createLog(level, { write: (line) => void lines.push(line) }) }
}
const withoutTime = (line = ''): string => line.replace(/"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/, '"time":""')

const value = fc.oneof(fc.string({ unit: 'binary' }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean())
const record = fc.record(
  { code: value, policy: value, devapp: value, request_id: value, ms: value, shadow: value, detail: value },
  { requiredKeys: [] },
)

describe('a line at info', () => {
  it('is what pino writes of the same record, byte for byte', () => {
    fc.assert(
      fc.property(record, (record) => {
        const { lines, log } = into()
        log.info({ ...record, waived: undefined }, 'decision')
        writeInfo(log, { ...record, waived: undefined }, 'decision')
        expect(withoutTime(lines[1])).to.equal(withoutTime(lines[0]))
        expect(lines[1]).not.to.equal(withoutTime(lines[1]))
      }),
    )
  })

  it('is not written below the level in force', () => {
    const { lines, log } = into('warn')
    writeInfo(log, { code: 'allow' }, 'decision')
    expect(lines).to.have.length(0)
    log.level = 'info'
    writeInfo(log, { code: 'allow' }, 'decision')
    expect(lines).to.have.length(1)
  })
})
