import { expect } from 'chai'
import { DecisionLog } from '../../../src/ops/decision_log.ts'
import type { DecisionRecord } from '../../../src/ops/decision_record.ts'
import { createAudit, createLog, type LogLevel } from '../../../src/ops/log.ts'

type Line = Readonly<Record<string, unknown>>

const record = (changes: Partial<DecisionRecord> = {}): DecisionRecord => ({
  ...{ code: 'allow', shadow: undefined, policy: 'data', channel: 'mtls', devapp: 'acme', serial: '0a01' },
  ...{ request_id: 'r-1', ms: 0.1, revocation: 'good', tier: 'memory', waived: undefined },
  ...{ likely_renewal: undefined, detail: undefined },
  ...changes,
})

interface Settings {
  readonly sampleAllows?: number
  readonly level?: LogLevel
  /** Whether the audit has a file. */
  readonly apart?: boolean
  /** What each allowed request draws. */
  readonly drawn?: readonly number[]
}

/** What is written, to the log and to the audit, of these decisions. */
function written(records: readonly DecisionRecord[], settings: Settings = {}): { log: Line[]; audit: Line[] } {
  const { sampleAllows = 1, level = 'info', apart = false, drawn = [] } = settings
  const [log, audit]: [Line[], Line[]] = [[], []]
  const into = (lines: Line[]) => ({ write: (line: string) => void lines.push(JSON.parse(line)) })
  const draws = [...drawn]
  const decisions = new DecisionLog({
    ...{ log: createLog(level, into(log)), audit: createAudit(into(audit)), auditApart: apart },
    sampleAllows: () => sampleAllows,
    random: () => draws.shift() ?? 1,
  })
  for (const each of records) decisions.add(each)
  return { log, audit }
}

describe('the log of decisions', () => {
  it('has one line for each, and refusals in the audit', () => {
    const { log, audit } = written([record(), record({ code: 'cert_revoked', detail: 'reason=keyCompromise' })])
    expect(log).to.have.length(1)
    expect(log[0]).to.include({ level: 'info', code: 'allow', devapp: 'acme', msg: 'decision' })
    expect(log[0]).to.not.have.any.keys('stream', 'sampled')
    expect(audit).to.have.length(1)
    expect(audit[0]).to.include({
      stream: 'audit',
      code: 'cert_revoked',
      detail: 'reason=keyCompromise',
      msg: 'decision',
    })
  })

  it('has refusals too where the audit goes to a file', () => {
    const { log, audit } = written([record({ code: 'cert_revoked' })], { apart: true })
    expect([log.length, audit.length]).to.deep.equal([1, 1])
    expect(log[0]).to.include({ code: 'cert_revoked' }).and.not.have.property('stream')
  })

  it('audits refusals that shadow mode does not enforce, and faults as errors, whatever the level', () => {
    const refused = [record({ code: 'product_not_selected', shadow: true }), record({ code: 'internal_error' })]
    const { log, audit } = written([record(), ...refused], { level: 'silent' })
    expect(log).to.deep.equal([])
    expect(audit.map(({ level, code, shadow }) => [level, code, shadow])).to.deep.equal([
      ['info', 'product_not_selected', true],
      ['error', 'internal_error', undefined],
    ])
  })

  it('says of a sampled line for how many requests it stands, which add up', () => {
    const drawn = [0.9, 0.9, 0.05, 0.2, 0.09, 0]
    const { log } = written(
      drawn.map((_, i) => record({ request_id: `r-${i}` })),
      { sampleAllows: 0.1, drawn },
    )
    expect(log.map(({ request_id, sampled }) => [request_id, sampled])).to.deep.equal([
      ['r-2', 3],
      ['r-4', 2],
      ['r-5', 1],
    ])
  })

  it('logs none of what is allowed where the sample is none', () => {
    expect(written([record()], { sampleAllows: 0, drawn: [0] }).log).to.deep.equal([])
  })

  it('never leaves out a refusal, or what was allowed without an answer of the issuer', () => {
    const { log, audit } = written([record({ waived: 'revocation_unavailable' }), record({ code: 'basic_invalid' })], {
      sampleAllows: 0,
    })
    expect(log.map(({ waived }) => waived)).to.deep.equal(['revocation_unavailable'])
    expect(audit.map(({ code }) => code)).to.deep.equal(['basic_invalid'])
  })
})
