import { expect } from 'chai'
import { endpointOf, isElsewhere, nameOfPostgres } from '../../../src/config/postgres_schema.ts'
import { load, problemsOf, validFile } from './fixture.ts'

const file = (postgres: unknown): object => ({ ...validFile(), registry: { postgres } })
const tls = {}

describe('registry.postgres', () => {
  it('has limits of its own, and paths that start at the folder of the file', () => {
    const written = {
      url: 'postgresql://authz@db.example.com/authz',
      password_file: 'password',
      tls: { ca: 'ca.pem', certificate: '/etc/client.pem', key: 'client.key', server_name: 'db' },
    }
    const { url, ...rest } = load(file(written)).registry as { url: URL }
    expect(url.href).to.equal(written.url)
    expect(rest).to.deep.equal({
      ...{ kind: 'postgres', password_file: '/etc/devapp-authz/password', plaintext: false },
      tls: {
        ...{ ca: '/etc/devapp-authz/ca.pem', certificate: '/etc/client.pem', key: '/etc/devapp-authz/client.key' },
        server_name: 'db',
      },
      ...{ connect_timeout: 5_000, timeout: 10_000, recheck: 10_000 },
    })
  })

  for (const [written, endpoint, name] of [
    [
      'postgresql://authz:p%40ss%25@db.example.com:5433/auth%20z',
      { host: 'db.example.com', port: 5433, database: 'auth z', user: 'authz', password: 'p@ss%' },
      'PostgreSQL at db.example.com:5433/auth z',
    ],
    [
      'postgres://[::1]/authz',
      { host: '::1', port: 5432, database: 'authz', user: undefined, password: undefined },
      'PostgreSQL at [::1]:5432/authz',
    ],
    [
      'postgresql:///authz?host=/run/postgresql&port=5433&user=me',
      { host: '/run/postgresql', port: 5433, database: 'authz', user: 'me', password: undefined },
      'PostgreSQL at /run/postgresql/authz',
    ],
  ] as const)
    it(`takes ${written} apart, and calls it by a name without secrets`, () => {
      const url = new URL(written)
      expect(endpointOf(url)).to.deep.equal(endpoint)
      expect(nameOfPostgres({ url })).to.equal(name)
    })

  it('knows what is on this machine', () => {
    for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', '/run/postgresql'])
      expect(isElsewhere({ host }), host).to.equal(false)
    for (const host of ['db.example.com', '10.0.0.1', '2001:db8::1', '127.example.com', 'localhost.example.com'])
      expect(isElsewhere({ host }), host).to.equal(true)
  })

  for (const url of [
    'mysql://db.example.com/authz',
    'db.example.com/authz',
    'postgresql://db.example.com',
    'postgresql://db.example.com/',
    'postgresql:///authz',
    'postgresql:///authz?host=db.example.com',
    'postgresql:///authz?host=/run/postgresql&port=many',
    'postgresql://db.example.com/authz?sslmode=disable',
    'postgresql://db.example.com/authz?host=/run/postgresql',
    'postgresql://authz:hunter2%@db.example.com/authz',
    'hunter2',
    7,
    undefined,
  ])
    it(`refuses the url ${url}, and does not repeat it`, () => {
      const problems = problemsOf(file({ url, tls }))
      expect(problems.map(({ path }) => path)).to.deep.equal(['registry.postgres.url'])
      expect(JSON.stringify(problems)).not.to.contain('hunter2')
    })

  it('refuses a url that stands for its section, and does not repeat it', () => {
    const problems = problemsOf(file('postgresql://authz:hunter2@db.example.com/authz'))
    expect(problems.map(({ path }) => path)).to.deep.equal(['registry.postgres'])
    expect(JSON.stringify(problems)).not.to.contain('hunter2')
  })
})
