import type { Lab, ProcessName } from '../lab.ts'
import type { Row } from '../row.ts'

const silent = async (lab: Lab, name: ProcessName): Promise<boolean> =>
  lab.metrics(name).then(
    () => false,
    () => true,
  )
const bothSilent = async (lab: Lab) => (await silent(lab, 'one')) && (await silent(lab, 'two'))
const unavailable = ['503 gateway_unavailable']

export const processRows: readonly Row[] = [
  {
    ...{ fault: 'one of two processes killed', lab: 'file', short: true },
    strike: (lab) => lab.killService('one'),
    evidence: ['it answers nobody', (lab) => silent(lab, 'one')],
    repair: (lab) => lab.startService('one'),
  },
  {
    ...{ fault: 'both processes killed, then started', lab: 'file', short: true },
    // Until what is remembered in Redis is read again.
    permitted: [...unavailable, '503 revocation_unavailable'],
    strike: (lab) => Promise.all([lab.killService('one'), lab.killService('two')]),
    evidence: ['they answer nobody', bothSilent],
    repair: (lab) => Promise.all([lab.startService('one'), lab.startService('two')]),
  },
  {
    ...{ fault: 'event loop of one process stalled', lab: 'file', short: true, permitted: unavailable },
    strike: (lab) => lab.services.one.signal('SIGSTOP'),
    evidence: ['it answers nobody', (lab) => silent(lab, 'one')],
    repair: (lab) => lab.services.one.signal('SIGCONT'),
  },
  {
    ...{ fault: 'event loops of both processes stalled', lab: 'file', permitted: unavailable },
    strike: (lab) => {
      for (const name of ['one', 'two'] as const) lab.services[name].signal('SIGSTOP')
    },
    evidence: ['they answer nobody', bothSilent],
    repair: (lab) => {
      for (const name of ['one', 'two'] as const) lab.services[name].signal('SIGCONT')
    },
  },
  {
    ...{ fault: 'Envoy killed, then started', lab: 'file', permitted: ['no answer', ...unavailable] },
    strike: (lab) => process.kill(lab.envoy.pid, 'SIGKILL'),
    evidence: [
      'its port is closed',
      async (lab) => (await lab.load.once(lab.parties.callers[0]!).catch(() => 'none')) === 'none',
    ],
    repair: (lab) => lab.startEnvoy(),
  },
]
