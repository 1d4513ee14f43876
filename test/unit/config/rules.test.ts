import { expect } from 'chai'
import { rules } from '../../../src/config/rules.ts'
import { saidOf, validFile, withPolicy } from './fixture.ts'

const mtls = { channel: 'mtls', require: ['certificate'] }
const ocsp = (ocsp: object): object => ({ ...validFile(), ocsp })
const redis = (redis: object): object => ocsp({ cache: { redis } })
const postgres = (postgres: object): object => ({ ...validFile(), registry: { postgres } })
const consoleAt = (console: object): object => ({ ...validFile(), console })
const intake = (intake: object): object => ({ ...validFile(), intake })

const tryHostnames = { mtls: ['api.example.com'], tls: ['api2.example.com'], try: ['try.example.com'] }
const withTrial = (keys: object): object => ({
  ...withPolicy({ channel: 'try', ...keys }),
  hostnames: tryHostnames,
})
const apiKeys: Readonly<Record<string, unknown>> = {
  ...{ product: 'data', on_unavailable: 'allow', on_no_source: 'allow', answer: 'problem' },
  ...{ keep_authorization: true, shadow: true },
}

const messageKeys: Readonly<Record<string, unknown>> = {
  ...{ headers: ['accept'], components: [], max_age: '1m', skew: '1s', nonce: 'optional' },
}
const signing = (signature: object): object =>
  withPolicy({ channel: 'tls', require: ['basic', 'signature'], signature })

/** What breaks each rule, by what the rule says, and what is said about it. */
const broken: Readonly<Record<string, readonly [file: object, said: string][]>> = {
  'A hostname stands once: no name is on two channels.': [
    [
      { ...validFile(), hostnames: { mtls: ['api.example.com'], tls: ['API.example.com'] } },
      'hostnames.tls[0]: "API.example.com" stands here a second time; give each hostname once: the kinds exclude each other',
    ],
    [
      { ...validFile(), hostnames: { mtls: ['a.example', 'a.example'], tls: ['b.example'] } },
      'hostnames.mtls[1]: "a.example" stands here a second time; give each hostname once: the kinds exclude each other',
    ],
  ],
  'There is at least one policy. A name is up to 63 characters of `a-z`, `0-9`, `_` and `-`, a letter or digit first.':
    [
      [
        { ...validFile(), policies: {} },
        'policies: there are none; add one for each kind of API: every route names one',
      ],
      [
        { ...validFile(), policies: { Data: mtls } },
        'policies.Data: this is no name for a policy; use up to 63 of a-z, 0-9, _ and -, a letter or digit first',
      ],
    ],
  '`require` is needed on `mtls` and `tls`.': [
    [
      withPolicy({ channel: 'tls' }),
      'policies.tested.require: it is missing: expected a list; name the credentials, or write [] for a public API',
    ],
  ],
  'A policy on `try` has `rate` and nothing else, and `rate` stands nowhere else.': [
    ...['product', 'on_unavailable', 'on_no_source', 'answer', 'keep_authorization', 'shadow'].map(
      (key): [object, string] => [
        withTrial({ [key]: apiKeys[key] }),
        `policies.tested.${key}: where certificates are tried, there is no API that it could be for; remove it`,
      ],
    ),
    [
      withTrial({ require: ['basic'] }),
      'policies.tested.require: where certificates are tried, there is no API that it could be for; remove it',
    ],
    [
      withPolicy({ ...mtls, rate: { requests: 5 } }),
      'policies.tested.rate: only where certificates are tried there is a rate; remove it',
    ],
  ],
  '`hostnames.try` and a policy on `try` need each other.': [
    [
      withPolicy({ channel: 'try' }),
      'hostnames.try: it is missing: the policy tested has no hostname; name the hostname to try certificates on, or remove the policy',
    ],
    [
      { ...validFile(), hostnames: tryHostnames },
      'hostnames.try: no policy is for it, so that every request there is denied; add a policy with channel: try, and name it in the route of Envoy; or remove the hostname',
    ],
  ],
  '`rate.total` is not below `rate.requests`.': [
    [
      withTrial({ rate: { requests: 50, total: 20 } }),
      'policies.tested.rate.total: all sources together may ask less often than one; make it at least as much as rate.requests',
    ],
  ],
  'A policy requires `certificate` exactly on `mtls`.': [
    [
      withPolicy({ channel: 'mtls', require: ['basic'] }),
      'policies.tested.require: a policy on mtls does not require the certificate; add certificate, or serve these APIs on tls',
    ],
    [
      withPolicy({ channel: 'tls', require: ['certificate', 'basic'] }),
      'policies.tested.require: there is no client certificate on tls; remove certificate, or set channel: mtls',
    ],
  ],
  'No credential stands twice.': [
    [
      withPolicy({ channel: 'tls', require: ['basic', 'basic'] }),
      'policies.tested.require: a credential stands here twice; name each once',
    ],
  ],
  '`psd2` needs `certificate`, and asks for a QWAC or for roles.': [
    [
      withPolicy({ channel: 'tls', require: ['basic'], psd2: { roles: ['PSP_AI'] } }),
      'policies.tested.psd2: QWAC and PSD2 roles stand in a certificate, and none is required; remove psd2, or require the certificate on mtls',
    ],
    [withPolicy({ ...mtls, psd2: {} }), 'policies.tested.psd2: it asks for nothing; set qwac: required, or name roles'],
  ],
  '`product` needs a credential.': [
    [
      withPolicy({ channel: 'tls', require: [], product: 'data' }),
      'policies.tested.product: a public API has no DevApp that could have selected a product; remove product, or require credentials',
    ],
  ],
  '`keep_authorization` needs `basic`.': [
    [
      withPolicy({ ...mtls, keep_authorization: true }),
      'policies.tested.keep_authorization: Authorization passes untouched where Basic is not required; remove it',
    ],
  ],
  '`registry` has one of `file` and `postgres`.': [
    [{ ...validFile(), registry: {} }, 'registry: it says not where the DevApps are; add file or postgres'],
    [
      { ...validFile(), registry: { file: 'devapps.yaml', postgres: { url: 'postgresql://localhost/authz' } } },
      'registry: it has file and postgres; keep one of them',
    ],
  ],
  '`registry.postgres` has one password, and TLS where it is on another machine, unless `plaintext` says otherwise.': [
    [
      postgres({ url: 'postgresql://authz:hunter2@localhost/authz', password_file: 'password' }),
      'registry.postgres.password_file: the URL holds a password too; keep one of them',
    ],
    [
      postgres({ url: 'postgresql://db.example.com/authz' }),
      'registry.postgres.tls: it is missing: who sits on the way to the database would decide who gets in; write tls: {}, or plaintext: true where the network itself encrypts',
    ],
    [
      postgres({ url: 'postgresql:///authz?host=/run/postgresql', tls: {} }),
      'registry.postgres.tls: PostgreSQL does not speak TLS over a Unix socket; remove it',
    ],
  ],
  '`qwac: required` needs `qtsps`.': [
    [
      withPolicy({ ...mtls, psd2: { qwac: 'required' } }),
      'qtsps: it is missing: nothing says whose QWACs the policy tested accepts; name a folder with the certificates of their issuing CAs',
    ],
  ],
  '`log.buffered` needs a file for `log.audit`, which is never buffered.': [
    [
      { ...validFile(), log: { buffered: true } },
      'log.buffered: the audit would wait in memory with the rest; name a file as log.audit, or remove it',
    ],
  ],
  '`ocsp.timeout` is below `deadline`, not above `ocsp.fetch_timeout`, and above `ocsp.cache.redis.timeout`.': [
    [
      { ...validFile(), deadline: '1s' },
      'ocsp.timeout: waiting for a responder takes as long as the whole check may; make it shorter than deadline',
    ],
    [
      ocsp({ fetch_timeout: '900ms' }),
      'ocsp.fetch_timeout: asking ends before a request has waited for ocsp.timeout; make it at least as long as ocsp.timeout',
    ],
    [
      ocsp({ cache: { redis: { url: 'redis://127.0.0.1', timeout: '1s' } } }),
      'ocsp.cache.redis.timeout: Redis may take all the time that there is for a responder; make it much shorter than ocsp.timeout',
    ],
  ],
  '`ocsp.breaker.max_open` is not below `ocsp.breaker.open`.': [
    [
      ocsp({ breaker: { open: '2m' } }),
      'ocsp.breaker.max_open: the longest time is shorter than the first; make it at least as long as ocsp.breaker.open',
    ],
  ],
  '`ocsp.refresh.max_retry` is not below `ocsp.refresh.retry`.': [
    [
      ocsp({ refresh: { retry: '2m' } }),
      'ocsp.refresh.max_retry: the longest pause is shorter than the first; make it at least as long as ocsp.refresh.retry',
    ],
  ],
  '`ocsp.cache.redis` has one of `url`, `sentinel` and `cluster`. User, password, database and TLS of a single Redis stand in its URL.':
    [
      [redis({}), 'ocsp.cache.redis: it says not where Redis is; add url, sentinel or cluster'],
      [
        redis({ url: 'redis://h', cluster: { nodes: ['h:1'] } }),
        'ocsp.cache.redis: it has url and cluster; keep one of them',
      ],
      [
        redis({ url: 'redis://h', password: 'x' }),
        'ocsp.cache.redis.password: a single Redis has it in its URL; write rediss://user:password@host:6379/0',
      ],
      [
        redis({ url: 'redis://h', tls: {} }),
        'ocsp.cache.redis.tls: the URL is one without TLS; begin it with rediss:, or remove tls',
      ],
      [
        redis({ cluster: { nodes: ['h:1'] }, database: 1 }),
        'ocsp.cache.redis.database: a Cluster has one database only; remove it',
      ],
    ],
  'An entry of `ocsp.issuers` says something about its issuer, and each issuer has one entry.': [
    [
      ocsp({ issuers: [{ certificate: 'acme.pem' }] }),
      'ocsp.issuers[0]: it says nothing about the issuer; add what differs, such as responder, or remove the entry',
    ],
    [
      ocsp({
        issuers: ['http://a.example/', 'http://b.example/'].map((responder) => ({
          certificate: 'acme.pem',
          responder,
        })),
      }),
      'ocsp.issuers[1].certificate: "acme.pem" stands here a second time; put what is said of one issuer into one entry',
    ],
  ],
  '`console.listen` elsewhere than on loopback needs `console.token` and `console.tls`.': [
    [
      consoleAt({ listen: '0.0.0.0:9193', tls: { certificate: 'tls.pem', key: 'tls.key' } }),
      `console.token: it is missing: everybody who reaches the port would see who may call; write token: \${file:console.token}, or listen on 127.0.0.1`,
    ],
    [
      consoleAt({ listen: '[::]:9193', token: 'x'.repeat(32) }),
      'console.tls: it is missing: the token would cross the network in the clear; name certificate and key, or listen on 127.0.0.1 behind something that has them',
    ],
  ],
  '`basic.lockout.max_lock` is not below `basic.lockout.lock`.': [
    [
      { ...validFile(), basic: { lockout: { lock: '2h' } } },
      'basic.lockout.max_lock: the longest time is shorter than the first; make it at least as long as basic.lockout.lock',
    ],
  ],
  '`signature` and `require` with `signature` need each other, and a signature comes with `certificate` or `basic`, which say whose it is.':
    [
      [
        withPolicy({ channel: 'tls', require: ['basic', 'signature'] }),
        'policies.tested.signature: it is missing: nothing says how requests are signed; add signature: { profile: message-signatures }',
      ],
      [
        withPolicy({ channel: 'tls', require: ['basic'], signature: { profile: 'concatenated' } }),
        'policies.tested.signature: the policy requires no signature; add signature to require, or remove it',
      ],
      [
        withPolicy({ channel: 'tls', require: ['signature'], signature: { profile: 'concatenated' } }),
        'policies.tested.require: a signature alone does not say whose it is; add basic, or certificate on mtls',
      ],
    ],
  'A key of `signature` stands where its profile has it.': [
    ...['headers', 'components', 'max_age', 'skew', 'nonce'].map((key): [object, string] => [
      signing({ profile: 'concatenated', [key]: messageKeys[key] }),
      `policies.tested.signature.${key}: the profile concatenated does not have it; remove it`,
    ]),
    [
      signing({ profile: 'message-signatures', remember: '1h' }),
      'policies.tested.signature.remember: the profile message-signatures does not have it; remove it',
    ],
  ],
  '`signature.components` are among `signature.headers`, and those are headers that nobody between signer and service changes.':
    [
      [
        signing({ profile: 'message-signatures', headers: ['x-forwarded-for'] }),
        'policies.tested.signature.headers[0]: "x-forwarded-for" is read or changed by the gateway itself; remove it: @authority stands for host, and content-digest is always taken',
      ],
      [
        signing({ profile: 'message-signatures', components: ['accept'] }),
        'policies.tested.signature.components[0]: "accept" is none of headers; add it to headers',
      ],
    ],
  'An entry of `intake.refused_issuers` has `organization` or `key_sha256`.': [
    [
      intake({ refused_issuers: [{}] }),
      'intake.refused_issuers[0]: it names no issuer; write organization or key_sha256, and two entries for both',
    ],
    [
      intake({ refused_issuers: [{ organization: 'Acme', key_sha256: 'ab'.repeat(32) }] }),
      'intake.refused_issuers[0]: it names an issuer in two ways; write organization or key_sha256, and two entries for both',
    ],
  ],
}

describe('the rules between parts of a configuration', () => {
  it('are all tested here', () => {
    expect(Object.keys(broken)).to.have.members(rules.map(({ says }) => says))
  })

  for (const [says, cases] of Object.entries(broken)) {
    it(`says what breaks: ${says}`, () => {
      for (const [file, said] of cases) expect(saidOf(file)).to.deep.equal([said])
    })
  }

  it('find nothing in a configuration that keeps them, at the very limits', () => {
    const file = {
      ...withPolicy({
        ...mtls,
        require: ['certificate', 'basic'],
        psd2: { qwac: 'required' },
        keep_authorization: true,
      }),
      qtsps: 'qtsps/',
      deadline: '1001ms',
      ocsp: {
        fetch_timeout: '1s',
        breaker: { open: '1m' },
        cache: { redis: { url: 'redis://127.0.0.1', timeout: '999ms' } },
      },
    }
    expect(saidOf(file)).to.deep.equal([])
  })

  it('leave a PostgreSQL alone that is on this machine, or reached over TLS, or meant to be reached without', () => {
    for (const each of [
      { url: 'postgresql://authz:a@localhost/authz' },
      { url: 'postgres://127.0.0.1:5433/authz', password_file: 'password' },
      { url: 'postgresql://[::1]/authz' },
      { url: 'postgresql:///authz?host=/run/postgresql&user=authz' },
      { url: 'postgresql://authz:100%25@db.example.com/authz', tls: { ca: 'ca.pem' } },
      { url: 'postgresql://db.example.com/authz', plaintext: true },
    ])
      expect(saidOf(postgres(each))).to.deep.equal([])
  })

  it('do not hide each other, nor what is wrong elsewhere', () => {
    const file = {
      ...withPolicy({ channel: 'mtls', require: ['basic', 'basic'], product: 7 }),
      deadline: '1s',
      unknown: true,
    }
    expect(saidOf(file).map((said) => said.split(':')[0])).to.have.members([
      'policies.tested.product',
      'policies.tested.require',
      'policies.tested.require',
      'ocsp.timeout',
      'unknown',
    ])
  })

  it('take keys called as the properties of every object for what they are', () => {
    const odd = { toString: 1, valueOf: 2, constructor: 3, hasOwnProperty: 4 }
    const file = { ...validFile(), deadline: odd, ocsp: { timeout: odd }, policies: { constructor: mtls } }
    expect(saidOf(file).map((said) => said.split(',')[0])).to.deep.equal([
      'deadline: expected a duration',
      'ocsp.timeout: expected a duration',
    ])
  })
})
