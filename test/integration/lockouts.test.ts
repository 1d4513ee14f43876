import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { writeServiceFiles } from '../../demo/service_files.ts'
import { createThirdParties } from '../../demo/third_parties.ts'
import { CheckClient } from '../support/check_client.ts'
import { run } from '../support/program.ts'
import { findRedis, type RunningRedis, startRedis } from '../support/redis.ts'
import { type RunningService, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'
import { eventually } from '../unit/revocation/fixture.ts'

const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

interface Process {
  readonly service: RunningService
  readonly client: CheckClient
  readonly config: string
}

describe('guessing ClientSecrets at two processes that share a Redis', function () {
  this.timeout(30_000)
  const folder = temporaryFolder('lockouts')
  const parties = createThirdParties({ issuing: 'http://127.0.0.1:9/', other: 'http://127.0.0.1:9/' }, new Date())
  let redis: RunningRedis
  let one: Process
  let other: Process
  let addresses = 0

  before(async () => {
    redis = await startRedis(await findRedis(() => {}))
    one = await start('one')
    other = await start('other')
  })
  after(async () => {
    for (const each of [one, other]) {
      each?.client.close()
      await each?.service.stop()
    }
    await redis?.stop()
    folder.remove()
  })

  async function start(name: string): Promise<Process> {
    const own = join(folder.path, name)
    mkdirSync(own)
    writeServiceFiles(own, parties, (example) =>
      example
        .replaceAll('/run/devapp-authz', own)
        .replace(/^metrics: .*$/m, '')
        .replace(/^ocsp:$/m, `ocsp:\n  cache: { redis: { url: "${redis.url}" } }`),
    )
    const config = join(own, 'authz.yaml')
    return { service: await startService({ config }), client: new CheckClient(`unix:${own}/authz.sock`), config }
  }

  /** One that no other test has. */
  const newAddress = (): string => `198.51.100.${++addresses}`
  const ask = ({ client }: Process, source: string, secret: string, clientKey = 'acme-key'): Promise<string> =>
    client.ask({
      ...{ policy: 'merchant', sni: 'api2.example.com', host: 'api2.example.com', source },
      headers: { authorization: `Basic ${Buffer.from(`${clientKey}:${secret}`).toString('base64')}` },
    })
  const guess = async (process: Process, source: string, times: number, clientKey?: string): Promise<string[]> => {
    const answers: string[] = []
    for (let i = 0; i < times; i++) answers.push(await ask(process, source, `a wrong guess ${i}`, clientKey))
    return answers
  }
  const command = (...words: string[]) => run(process.execPath, [main, ...words])
  const began = (source: string): number =>
    [one, other]
      .flatMap(({ service }) => service.log())
      .filter((line) => line['msg'] === 'locked out of basic' && line['source'] === source).length

  it('is slowed down at both after ten wrong secrets in all, and the rightful caller elsewhere is not', async () => {
    const [guesser, office] = [newAddress(), newAddress()]
    expect(await guess(one, guesser, 5)).to.deep.equal(Array(5).fill('basic_invalid'))
    expect(await guess(other, guesser, 5)).to.deep.equal(Array(5).fill('basic_invalid'))
    for (const each of [one, other]) {
      await eventually(async () => (await ask(each, guesser, parties.secrets.acme)) === 'too_many_attempts')
      expect(await ask(each, office, parties.secrets.acme)).to.equal('allow')
    }
    expect(began(guesser)).to.equal(1)
  })

  it('is slowed down the same way for a ClientKey that nobody has', async () => {
    const guesser = newAddress()
    expect(await guess(one, guesser, 11, 'nobody-1')).to.deep.equal([
      ...Array(10).fill('basic_invalid'),
      'too_many_attempts',
    ])
  })

  it('is seen and lifted by an operator, in the whole fleet', async () => {
    const guesser = newAddress()
    await guess(one, guesser, 10)
    await eventually(async () => (await ask(other, guesser, parties.secrets.acme)) === 'too_many_attempts')
    const listed = command('basic', 'lockouts', '--config', other.config)
    expect(listed.output).to.match(new RegExp(`^client_key +of acme +${guesser.replaceAll('.', '\\.')} +in `, 'm'))
    const lifted = command('basic', 'unlock', '--source', guesser, '--config', other.config)
    expect(lifted).to.deep.include({ ok: true, output: 'lifted 1 lock' })
    for (const each of [one, other])
      await eventually(async () => (await ask(each, guesser, parties.secrets.acme)) === 'allow')
  })

  it('is known to a process that starts later', async () => {
    const guesser = newAddress()
    await guess(one, guesser, 10, 'nobody-2')
    await eventually(() => began(guesser) === 1)
    const late = await start('late')
    try {
      await eventually(async () => (await ask(late, guesser, 'a guess', 'nobody-2')) === 'too_many_attempts')
      expect(began(guesser)).to.equal(1)
    } finally {
      late.client.close()
      await late.service.stop()
    }
  })

  it('is slowed down by each process alone while Redis hangs, and nobody waits for it', async () => {
    const [guesser, office] = [newAddress(), newAddress()]
    redis.pause()
    try {
      for (const each of [one, other]) {
        expect(await guess(each, guesser, 11, 'nobody-3')).to.deep.equal([
          ...Array(10).fill('basic_invalid'),
          'too_many_attempts',
        ])
        expect(await ask(each, office, parties.secrets.acme)).to.equal('allow')
      }
      await eventually(() => began(guesser) === 2)
    } finally {
      redis.resume()
    }
  })

  it('follows the configuration while it runs', async () => {
    const guesser = newAddress()
    const before = readFileSync(one.config, 'utf8')
    const loaded = () => one.service.log().filter(({ msg }) => msg === 'configuration loaded').length
    const write = async (text: string): Promise<void> => {
      const count = loaded()
      writeFileSync(one.config, text)
      await eventually(() => loaded() > count)
    }
    await write(`${before}\nbasic: { lockout: { attempts: 2 } }\n`)
    expect(await guess(one, guesser, 3, 'nobody-4')).to.deep.equal([
      ...['basic_invalid', 'basic_invalid', 'too_many_attempts'],
    ])
    await write(before)
  })
})
