import { type PreliminaryName, preliminaries } from '../authorize.ts'
import { type Deny, denialIn } from '../domain/decision.ts'
import type { Evidence } from '../domain/evidence.ts'
import { type CheckOutcome, checkNames, examine } from '../domain/judge.ts'
import type { Judgement } from '../domain/judgement.ts'
import type { Step, StepOutcome } from './explanation.ts'
import { type Circumstances, explainedChecks, type Finding } from './findings.ts'

/** What the steps before any evidence found, in words. */
export type PreliminaryFindings = Readonly<Record<'request_read' | PreliminaryName, string>>

/**
 * The steps of a decision in their order: reading the request, what comes before any evidence, and every check. Where the
 * decision fell is the judgement's word, and what a check says is its own.
 */
export function stepsOf(
  judgement: Judgement,
  found: PreliminaryFindings,
  circumstances: Circumstances,
): readonly Step[] {
  return [...beforeEvidence(judgement, found), ...checksOf(judgement, circumstances)]
}

function beforeEvidence({ decision, evidence }: Judgement, found: PreliminaryFindings): readonly Step[] {
  const early = evidence === undefined && decision.kind === 'deny' ? decision : undefined
  const names = ['request_read', ...preliminaries.map(({ name }) => name)] as const
  // Whatever else refuses so early could not make sense of the request.
  const stopped = early === undefined ? names.length : preliminaries.findIndex(({ code }) => code === early.code) + 1
  return names.map((name, index) => {
    if (index > stopped) return step(name, 'not_reached')
    return index === stopped
      ? step(name, 'deny', { found: found[name] }, early)
      : step(name, 'pass', { found: found[name] })
  })
}

function checksOf({ decision, evidence }: Judgement, circumstances: Circumstances): readonly Step[] {
  if (evidence === undefined) return checkNames.map((name) => step(name, 'not_reached'))
  const outcomes = examine(evidence)
  // In shadow mode the refusal that is enforced may come after one that is not.
  const decisive = outcomes.find(({ denial }) => denial !== undefined && denial.code === denialIn(decision)?.code)
  return outcomes.map((checked) => {
    const { name, denial } = checked
    const outcome = checked === decisive ? 'deny' : outcomeOf(checked, evidence)
    if (outcome === 'not_asked' || outcome === 'not_reached') return step(name, outcome)
    return step(name, outcome, explainedChecks[name].finding(evidence, circumstances), denial)
  })
}

/** Of a check that is not the decision. */
function outcomeOf({ name, denial }: CheckOutcome, evidence: Evidence): StepOutcome {
  const { asked, judges } = explainedChecks[name]
  if (denial === undefined && !asked(evidence)) return 'not_asked'
  if (!judges(evidence)) return 'not_reached'
  return denial === undefined ? 'pass' : 'would_deny'
}

function step(name: string, outcome: StepOutcome, finding?: Finding, denial?: Deny): Step {
  return {
    ...{ name, outcome, code: denial?.code ?? null, told: denial?.told ?? null, detail: denial?.detail ?? null },
    ...{ found: finding?.found ?? '', evidence: finding?.evidence ?? {} },
  }
}
