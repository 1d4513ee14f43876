/**
 * What a request costs: the processor time that the service and Envoy spend on it, by the credentials that its API asks for. Through
 * the demo's gateway, with Envoy, on loopback. Writes its part of docs/performance.md.
 *
 *   npm run bench:sizing [-- --requests 2000] [--no-docs]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Agent } from 'node:https'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Call, codeOf, openConnection } from '../demo/client.ts'
import { startDemoGateway } from '../test/support/demo_gateway.ts'

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '2000' }, 'no-docs': { type: 'boolean', default: false } },
})
const requests = Number(values.requests)
const callers = 8
const rounds = 3
/** sysconf(_SC_CLK_TCK), which is 100 on every Linux that Node runs on. */
const ticksInSecond = 100
const docs = fileURLToPath(new URL('../docs/performance.md', import.meta.url))

/** Microseconds of processor time that a process has had. */
function processorTime(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / ticksInSecond
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0

const gateway = await startDemoGateway()
const { certificates, secrets } = gateway.parties
const basic = { authorization: `Basic ${Buffer.from(`acme-key:${secrets.acme}`).toString('base64')}` }
const asked: Readonly<Record<string, Call>> = {
  'no credentials': { sni: 'api2.example.com', path: '/v1/callback' },
  'HTTP Basic': { sni: 'api2.example.com', path: '/v1/merchant', headers: basic },
  'a certificate': { sni: 'api.example.com', path: '/v1/data', certificate: certificates.acme },
  'a QWAC with a PSD2 role': { sni: 'api.example.com', path: '/v1/accounts', certificate: certificates.fintech },
  'a certificate and HTTP Basic': {
    ...{ sni: 'api.example.com', path: '/v1/partner', certificate: certificates.acme, headers: basic },
  },
}

async function ask(call: Call, count: number): Promise<void> {
  let left = count
  const agents: Agent[] = Array.from({ length: callers }, openConnection)
  await Promise.all(
    agents.map(async (agent) => {
      while (left-- > 0) {
        const answer = await gateway.call({ ...call, agent })
        if (codeOf(answer) !== 'allowed') throw new Error(`it was refused: ${codeOf(answer)}`)
      }
    }),
  )
  for (const agent of agents) agent.destroy()
}

try {
  const pids = { service: gateway.service?.pid ?? 0, envoy: gateway.envoy.pid }
  const rows: string[] = []
  for (const [credentials, call] of Object.entries(asked)) {
    await ask(call, Math.min(requests, 500))
    const cost: { service: number; envoy: number }[] = []
    for (let round = 0; round < rounds; round++) {
      const before = { service: processorTime(pids.service), envoy: processorTime(pids.envoy) }
      await ask(call, requests)
      cost.push({
        service: (processorTime(pids.service) - before.service) / requests,
        envoy: (processorTime(pids.envoy) - before.envoy) / requests,
      })
    }
    const [service, envoy] = [median(cost.map((each) => each.service)), median(cost.map((each) => each.envoy))]
    const inFull = Math.floor(1e6 / service / 100) * 100
    rows.push(`| ${credentials} | ${Math.round(service)} µs | ${Math.round(envoy)} µs | ${inFull} |`)
    console.log(rows.at(-1))
  }
  const text = [
    `${requests} requests ${rounds} times, the median. Node ${process.versions.node}, ${cpus().length} cores of ${cpus()[0]?.model.trim()}.`,
    '',
    '| The API asks for | Service | Envoy | Requests a second that fill a core with the service |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
  if (!values['no-docs'])
    writeFileSync(
      docs,
      readFileSync(docs, 'utf8').replace(
        /(<!-- sizing -->)[\s\S]*?(<!-- end -->)/,
        (_, from, to) => `${from}\n${text}\n${to}`,
      ),
    )
} finally {
  await gateway.stop()
}
