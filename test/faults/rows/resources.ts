import { spawnSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import type { Caller } from '../callers.ts'
import { type Lab, type ProcessName, until } from '../lab.ts'
import type { Row } from '../row.ts'
import { Growth, Meanwhile } from './meanwhile.ts'

const names = ['one', 'two'] as const
const limits = new Map<ProcessName, string>()

const exhausting = new Meanwhile()

/** By `prlimit` of util-linux: what is open stays, and nothing is free below the limit. */
function exhaust(lab: Lab, name: ProcessName): void {
  const { pid } = lab.services[name]
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let firstFree = 0
  while (open.has(firstFree)) firstFree += 1
  prlimit('--pid', String(pid), `--nofile=${firstFree}:`)
}

const limitOf = (lab: Lab, name: ProcessName): string =>
  prlimit('--pid', String(lab.services[name].pid), '--nofile', '--output', 'SOFT', '--noheadings', '--raw').trim()

function prlimit(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('prlimit', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`prlimit: ${stderr}`)
  return stdout
}

const refused = Growth.ofLog('registry refused: what was in force stays')
const newcomer = (lab: Lab): Caller => ({
  ...{ kind: 'newcomer', isGood: false, sni: 'api.example.com', path: '/v1/data' },
  certificate: lab.parties.newcomer.certificate,
})
const asNewcomer = (lab: Lab) => lab.load.once(newcomer(lab)).catch(() => 'handshake')

export const resourceRows: readonly Row[] = [
  {
    ...{ fault: 'file descriptors exhausted', lab: 'file', short: true },
    strike: async (lab) => {
      await refused.begin(lab)
      for (const name of names) limits.set(name, limitOf(lab, name))
      // As something that leaks takes what others give back.
      exhausting.begin(100, async () => {
        for (const name of names) exhaust(lab, name)
      })
    },
    evidence: [
      'neither takes a connection',
      async (lab) =>
        (await Promise.allSettled(names.map((name) => lab.metrics(name)))).every(({ status }) => status === 'rejected'),
    ],
    repair: async (lab) => {
      await exhausting.end()
      for (const name of names) prlimit('--pid', String(lab.services[name].pid), `--nofile=${limits.get(name)}:`)
    },
  },
  {
    ...{ fault: 'stream of the trust store cut, a new CA registered', lab: 'file', short: true },
    strike: async (lab) => {
      lab.sdsWay.cut()
      const { certificate, authority } = lab.parties.newcomer
      writeFileSync(lab.at('newcomer.pem'), certificate.pem + authority.chainPem)
      for (const words of [
        ['create', 'newcomer', '--name', 'newcomer'],
        ['attach-certificate', 'newcomer', lab.at('newcomer.pem'), '--offline'],
      ]) {
        const { code, output } = await lab.change(words)
        if (code !== 0) throw new Error(output)
      }
      await until('no Envoy follows the trust store', async () => (await lab.metric('sds_streams')) === 0)
    },
    evidence: [
      'Envoy does not know the new CA',
      async (lab) => ['handshake', 'no answer'].includes(await asNewcomer(lab)),
    ],
    repair: (lab) => lab.sdsWay.mend(),
    afterwards: ['Envoy knows the new CA', async (lab) => (await asNewcomer(lab)) === '401 revocation_no_source'],
  },
]
