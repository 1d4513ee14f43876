import { Authority } from '../../support/pki.ts'
import {
  answering,
  type Behaviour,
  hangingUp,
  html,
  inTurn,
  silent,
  slowly,
  stalling,
  status,
} from '../../support/test_responder.ts'
import { type Lab, until } from '../lab.ts'
import type { Row } from '../row.ts'
import { Growth, Meanwhile } from './meanwhile.ts'

const permitted = ['503 revocation_unavailable']

/** While it is there, both processes forget what they know every second, so that they need the responder. */
function responderRow(
  row: Pick<Row, 'fault' | 'short'> & {
    readonly behaviour: (lab: Lab) => Behaviour
    readonly evidence: readonly [string, Growth]
  },
): Row {
  const [words, growth] = row.evidence
  const forgetting = new Meanwhile()
  return {
    ...{ fault: row.fault, lab: 'file', permitted },
    ...(row.short && { short: row.short }),
    strike: async (lab) => {
      await growth.begin(lab)
      lab.parties.responder.behaviour = row.behaviour(lab)
      forgetting.begin(1_000, () => lab.purge())
    },
    evidence: [words, growth.shows],
    repair: async (lab) => {
      await forgetting.end()
      lab.parties.responder.behaviour = lab.parties.honest
    },
  }
}

const timeouts = () => Growth.ofMetric('ocsp_request_timeouts_total')
const refusals = Growth.ofMetric('decisions_total', { code: 'revocation_unavailable' })

/** Whatever else a responder may say: signed by somebody else, not OCSP, nothing. */
function wrongly(lab: Lab): Behaviour {
  const stranger = Authority.root({ commonName: 'Issuing CA', now: new Date() })
  const forged = answering((request) => lab.parties.answerTo(request, stranger))
  let turn = 0
  const behaviours = [forged, html, status(500), hangingUp, answering(Buffer.from('rubbish')), stalling]
  return (request, response) => behaviours[turn++ % behaviours.length]!(request, response)
}

export const responderRows: readonly Row[] = [
  responderRow({
    ...{ fault: 'responder slow by 2 s', evidence: ['requests wait for it in vain', timeouts()] },
    behaviour: (lab) => slowly(2_000, lab.parties.honest),
  }),
  responderRow({
    ...{ fault: 'responder silent', short: true, evidence: ['requests wait for it in vain', timeouts()] },
    behaviour: () => silent,
  }),
  responderRow({
    fault: 'responder wrong in every way',
    evidence: ['its answers are rejected', Growth.ofMetric('ocsp_rejected_answers_total', { tier: 'responder' })],
    behaviour: wrongly,
  }),
  {
    ...{ fault: 'responder down beyond nextUpdate', lab: 'file', permitted },
    strike: async (lab) => {
      await refusals.begin(lab)
      lab.parties.validityMs = 5_000
      await lab.purge()
      const asked = lab.parties.responder.requests.length
      await until('short answers are there', () => lab.parties.responder.requests.length > asked + 1)
      lab.parties.responder.behaviour = inTurn(hangingUp)
    },
    evidence: ['nothing that is known is still in force', refusals.shows],
    repair: (lab) => {
      lab.parties.validityMs = 3_600_000
      lab.parties.responder.behaviour = lab.parties.honest
    },
  },
]
