import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { generateSecret, hashChosenSecret, hashGeneratedSecret } from '../../src/registry/secrets.ts'
import { alteredBuild } from '../support/altered_build.ts'
import { CheckClient } from '../support/check_client.ts'
import { secretWatch } from '../support/secret_watch.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const rounds = 4
const samplesInRound = 25
/** Of the difference that there is without the defence, so much may be chance. */
const unremarkable = 0.35

interface Subject {
  readonly service: RunningService
  readonly client: CheckClient
}

/** What is asked, and the ClientKey of each kind. */
const clientKeys = { chosen: 'chosen-key', generated: 'generated-key', unknown: 'nobody' } as const
type Kind = keyof typeof clientKeys
const kinds = Object.keys(clientKeys) as Kind[]

describe('a wrong secret', function () {
  this.timeout(120_000)
  const folder = temporaryFolder('unknown-keys')
  let defended: Subject
  let control: Subject
  let asked = 0

  before(async () => {
    defended = await start('defended')
    control = await start(
      'control',
      alteredBuild(join(folder.path, 'build'), 'registry/secrets.js', (code) =>
        code.replace(/await \w+\(this\.#decoyArgon2, clientSecret\);?/, ''),
      ),
    )
  })
  after(async () => {
    for (const each of [defended, control]) {
      each?.client.close()
      await each?.service.stop()
    }
    folder.remove()
  })

  async function start(name: string, main?: string): Promise<Subject> {
    const own = join(folder.path, name)
    mkdirSync(own)
    const [chosen, generated] = [generateSecret(), generateSecret()]
    for (const secret of [chosen, generated]) secretWatch.add(secret)
    const devApp = (id: Kind, hash: string) => ({
      id,
      name: id,
      client_key: clientKeys[id],
      client_secrets: [{ hash }],
    })
    writeFileSync(
      join(own, 'devapps.yaml'),
      stringify({
        devapps: [devApp('chosen', hashChosenSecret(chosen)), devApp('generated', hashGeneratedSecret(generated))],
      }),
    )
    writeFileSync(
      join(own, 'authz.yaml'),
      stringify({
        ...{ listen: `unix:${own}/authz.sock`, admin: `unix:${own}/admin.sock` },
        hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
        policies: { merchant: { channel: 'tls', require: ['basic'] } },
        registry: { file: 'devapps.yaml' },
      }),
    )
    const service = await startService({ config: join(own, 'authz.yaml'), ...(main && { main }) })
    return { service, client: new CheckClient(`unix:${own}/authz.sock`) }
  }

  /** Milliseconds to the answer, which is the one that is expected. From an address of its own, unless one is given. */
  async function timeOf({ client }: Subject, kind: Kind, expected: string, source?: string): Promise<number> {
    asked++
    const authorization = `Basic ${Buffer.from(`${clientKeys[kind]}:wrong guess ${asked}`).toString('base64')}`
    const started = performance.now()
    const code = await client.ask({
      ...{ policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com', headers: { authorization } },
      source: source ?? `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
    })
    const ms = performance.now() - started
    expect(code).to.equal(expected)
    return ms
  }

  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

  /** The medians of one round, in which all kinds take turns, so that whatever else this machine does meets them alike. */
  async function medians(subjects: readonly Subject[]): Promise<Record<Kind, number>[]> {
    const samples = subjects.map(() => ({ chosen: [], generated: [], unknown: [] }) as Record<Kind, number[]>)
    for (let i = 0; i < samplesInRound; i++) {
      for (const [index, subject] of subjects.entries())
        for (const kind of kinds) samples[index]?.[kind].push(await timeOf(subject, kind, 'basic_invalid'))
    }
    return samples.map(({ chosen, generated, unknown }) => ({
      ...{ chosen: median(chosen), generated: median(generated), unknown: median(unknown) },
    }))
  }

  it('is answered as fast for either kind once its sender is locked out', async () => {
    const locked = { generated: '192.0.2.1', unknown: '192.0.2.2' } as const
    const kinds = ['generated', 'unknown'] as const
    for (const kind of kinds) for (let i = 0; i < 10; i++) await timeOf(defended, kind, 'basic_invalid', locked[kind])
    const ratios: number[] = []
    while (ratios.length < rounds && Math.min(...ratios) > unremarkable) {
      const samples: Record<'generated' | 'unknown' | 'lookedAt', number[]> = {
        generated: [],
        unknown: [],
        lookedAt: [],
      }
      for (let i = 0; i < samplesInRound; i++) {
        for (const kind of kinds) samples[kind].push(await timeOf(defended, kind, 'too_many_attempts', locked[kind]))
        samples.lookedAt.push(await timeOf(defended, 'unknown', 'basic_invalid'))
      }
      const [known, unknown] = [median(samples.generated), median(samples.unknown)]
      ratios.push(Math.abs(known - unknown) / (median(samples.lookedAt) - Math.min(known, unknown)))
    }
    expect(Math.min(...ratios.map(Math.abs)), ratios.join(', ')).to.be.at.most(unremarkable)
  })

  it('takes as long for a ClientKey that nobody has as for a registered one, which it does not without the defence', async () => {
    const ratios: number[] = []
    // A difference that is there shows in each round; one that this machine makes, in some.
    while (ratios.length < rounds && Math.min(...ratios) > unremarkable) {
      const [own, altered] = (await medians([defended, control])) as [Record<Kind, number>, Record<Kind, number>]
      const difference = Math.max(...[own.chosen, own.generated].map((known) => Math.abs(known - own.unknown)))
      const withoutDefence = altered.chosen - altered.unknown
      expect(withoutDefence, JSON.stringify(altered)).to.be.above(altered.chosen / 2)
      ratios.push(difference / withoutDefence)
    }
    expect(Math.min(...ratios), ratios.join(', ')).to.be.at.most(unremarkable)
  })
})
