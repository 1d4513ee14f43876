import { expect } from 'chai'
import { stringify } from 'yaml'
import { type ConfigChanges, configChanges } from '../../../src/config/changes.ts'
import { examineConfig } from '../../../src/config/config.ts'
import type { ConfigFile } from '../../../src/config/schema.ts'
import { validFile } from './fixture.ts'

function fileOf(changes: object): ConfigFile {
  const text = stringify({ ...validFile(), ...changes })
  const { file, problems } = examineConfig({ text, name: 'authz.yaml', folder: '/etc', environment: {} })
  if (file === undefined) throw new Error(JSON.stringify(problems))
  return file
}

const changes = (before: object, after: object): ConfigChanges => configChanges(fileOf(before), fileOf(after))

describe('what changed in a configuration', () => {
  it('is nothing where the file says the same in other words', () => {
    expect(changes({}, { deadline: '1.5s' })).to.deep.equal({ applied: [], restart: [] })
  })

  it('is named by path, without its value', () => {
    const redis = (password: string) => ({ ocsp: { cache: { redis: { url: `redis://u:${password}@127.0.0.1` } } } })
    expect(changes(redis('one'), redis('two'))).to.deep.equal({ applied: ['ocsp.cache.redis.url'], restart: [] })
    expect(changes({}, { deadline: '1200ms', log: { level: 'debug' } }).applied).to.have.members([
      'deadline',
      'log.level',
    ])
  })

  it('takes a restart where it says where the service listens, and where its registry is', () => {
    const elsewhere = { listen: 'unix:/run/other.sock', registry: { file: 'other.yaml' }, deadline: '1200ms' }
    expect(changes({}, elsewhere)).to.deep.equal({ applied: ['deadline'], restart: ['listen', 'registry.file'] })
  })
})
