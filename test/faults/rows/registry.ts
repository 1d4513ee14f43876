import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { Lab } from '../lab.ts'
import type { Row } from '../row.ts'
import { Growth } from './meanwhile.ts'

/** What is done to the file stays until it is put back as it was. */
function fileRow(fault: string, harm: (file: string) => void, short?: true): Row {
  const refused = Growth.ofLog('registry refused: what was in force stays')
  let before = ''
  return {
    ...{ fault, lab: 'file' },
    ...(short && { short }),
    strike: async (lab) => {
      await refused.begin(lab)
      before = readFileSync(lab.registryFile, 'utf8')
      harm(lab.registryFile)
    },
    evidence: ['the log says that it was refused', refused.shows],
    repair: (lab) => writeFileSync(lab.registryFile, before),
  }
}

const configurationRefused = Growth.ofLog('configuration refused: what was in force stays')
const ballast = (lab: Lab) => lab.at('registry/ballast')

function isFull(lab: Lab): boolean {
  try {
    writeFileSync(lab.at('registry/probe'), 'x'.repeat(10_000))
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOSPC'
  } finally {
    rmSync(lab.at('registry/probe'), { force: true })
  }
}

export const registryRows: readonly Row[] = [
  fileRow('registry file cut in half', (file) => truncateSync(file, Math.floor(statSync(file).size / 2)), true),
  fileRow('registry file emptied', (file) => truncateSync(file, 0)),
  fileRow('registry file deleted', (file) => rmSync(file)),
  {
    ...{ fault: 'disk full for the registry file', lab: 'file' },
    strike: (lab) => {
      if (!lab.hasSmallDisk) throw new Error('a small file system takes root: mount was refused')
      for (const size of [65_536, 4_096, 64]) {
        try {
          for (;;) writeFileSync(ballast(lab), Buffer.alloc(size), { flag: 'a' })
        } catch {}
      }
    },
    evidence: ['nothing can be written', isFull],
    repair: (lab) => rmSync(ballast(lab)),
  },
  {
    ...{ fault: 'configuration broken', lab: 'file', short: true },
    strike: async (lab) => {
      await configurationRefused.begin(lab)
      for (const name of ['one', 'two']) writeFileSync(lab.at(`${name}/authz.yaml`), 'policies: { data: [')
    },
    evidence: ['the log says that it was refused', configurationRefused.shows],
    repair: (lab) => {
      for (const name of ['one', 'two'] as const) writeFileSync(lab.at(`${name}/authz.yaml`), lab.configuration(name))
    },
  },
]

const away = ['what is in force grows old', async (lab: Lab) => (await lab.metric('registry_age_seconds')) > 4] as const
const current = [
  'what is in force is current',
  async (lab: Lab) => (await lab.metric('registry_age_seconds')) < 3,
] as const

export const postgresRows: readonly Row[] = [
  {
    ...{ fault: 'PostgreSQL killed, then back', lab: 'postgres', short: true },
    strike: (lab) => lab.postgres?.kill(),
    evidence: away,
    repair: (lab) => lab.postgres?.restart(),
    afterwards: current,
  },
  {
    ...{ fault: 'PostgreSQL killed, one process started anew without it', lab: 'postgres' },
    strike: async (lab) => {
      await lab.postgres?.kill()
      await lab.services.one.stop()
      await lab.startService('one')
    },
    evidence: ['the process that started is not ready', async (lab) => (await lab.metric('ready')) === 1],
    repair: (lab) => lab.postgres?.restart(),
    afterwards: ['both are ready', async (lab) => (await lab.metric('ready')) === 2],
  },
]
