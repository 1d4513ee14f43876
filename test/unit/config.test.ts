// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { type Config, loadConfig } from '../../src/config/config.ts'

const minimal = `
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies: { callback: { channel: tls, require: [] } }
registry: { file: devapps.yaml }
`

function load(text: string, environment: Record<string, string | undefined> = {}): Config {
  return loadConfig({ text, name: 'config.yaml', folder: '/etc/devapp-authz', environment })
}

/** The minimal configuration with other top-level keys. */
function loadWith(changes: object, environment?: Record<string, string | undefined>): Config {
  return load(stringify({ ...(parse(minimal) as object), ...changes }), environment)
}

const policies = (policy: object) => ({ policies: { one: { channel: 'mtls', require: ['certificate'], ...policy } } })

describe('the configuration', () => {
  it('has a default for everything but hostnames, policies and the registry', () => {
    const { hostnames, policies, ...rest } = load(minimal)
    expect(rest).to.deep.equal({
      listen: 'unix:/run/devapp-authz/authz.sock',
      adminAddress: 'unix:/run/devapp-authz/admin.sock',
      registry: { kind: 'file', path: '/etc/devapp-authz/devapps.yaml' },
      metricsAddress: undefined,
      tracing: undefined,
      qtspsFolder: undefined,
      withdrawnFile: undefined,
      workers: 1,
      shadowUntil: undefined,
      reflection: false,
      console: undefined,
      deadlineMs: 1_500,
      shutdown: { drainMs: 5_000, graceMs: 5_000 },
      typeBase: 'https://devapp-authz.example/denials#',
      log: { level: 'info', auditFile: undefined, sampleAllows: 1, buffered: false },
      lockout: {
        ...{ enabled: true, attempts: 10, address_attempts: 50, distributed_attempts: 100 },
        ...{ window: 600_000, lock: 60_000, max_lock: 3_600_000 },
      },
      rememberedSignatures: 200_000,
      intake: { acceptedRoots: undefined, refusedIssuers: undefined },
      ocsp: {
        ...{ timeout: 1_000, fetch_timeout: 5_000, on_unavailable: 'deny', on_no_source: 'deny' },
        ...{ skew: 60_000, max_age: 86_400_000, allow_sha1: false, nonce: 'off', allow_private_addresses: false },
        ...{ connections: 8, queue: 1_000, issuers: [], check: 'leaf', delegate_without_nocheck: 'accept' },
        refresh: { at: 0.5, rate: 50, retry: 5_000, max_retry: 60_000 },
        breaker: { failures: 5, open: 5_000, max_open: 60_000 },
        crl: { enabled: false, timeout: 500, fetch_timeout: 60_000, max_bytes: 67_108_864, refresh: 14_400_000 },
        cache: {
          ...{ max_age: 604_800_000, revoked_max_age: 3_600_000, unknown_max_age: 300_000, failure_max_age: 5_000 },
          memory: { max_entries: 50_000 },
        },
      },
    })
    expect([...policies.keys()]).to.deep.equal(['callback'])
    expect(hostnames.advertised('mtls')).to.equal('api.example.com')
  })

  it('gives each policy its domain value, and what it does not say of revocation stays unsaid', () => {
    const { policies } = loadWith({
      ...{ qtsps: 'qtsps/', ocsp: { on_unavailable: 'allow' } },
      policies: {
        accounts: {
          ...{ channel: 'mtls', require: ['certificate'], product: 'ob-accounts', on_no_source: 'allow' },
          psd2: { qwac: 'required', roles: ['PSP_AI', 'PSP_PI'], match: 'any' },
        },
        merchant: { channel: 'tls', require: ['basic'], keep_authorization: true },
      },
    })
    expect(policies.get('accounts')).to.deep.equal({
      ...{ name: 'accounts', channel: 'mtls', require: new Set(['certificate']), product: 'ob-accounts' },
      psd2: { qwac: 'required', roles: ['PSP_AI', 'PSP_PI'], match: 'any' },
      ...{
        onUnavailable: undefined,
        onNoSource: 'allow',
        answer: 'berlin_group',
        keepAuthorization: false,
        shadow: false,
        signature: undefined,
        rate: undefined,
      },
    })
    expect(policies.get('merchant')).to.deep.equal({
      ...{ name: 'merchant', channel: 'tls', require: new Set(['basic']), product: undefined, psd2: undefined },
      ...{ onUnavailable: undefined, onNoSource: undefined, answer: 'problem', keepAuthorization: true, shadow: false },
      ...{ signature: undefined, rate: undefined },
    })
  })

  it('gives the policies of signed requests what they ask for', () => {
    const merchant = { channel: 'tls', require: ['basic', 'signature'] }
    const { policies } = loadWith({
      policies: {
        pay: {
          ...merchant,
          signature: { profile: 'message-signatures', max_body: '64KiB', components: ['content-type'] },
        },
        old: { ...merchant, signature: { profile: 'concatenated', on_replay_unavailable: 'allow' } },
      },
    })
    expect(policies.get('pay')?.signature).to.deep.equal({
      ...{ profile: 'message-signatures', maxBodyBytes: 65_536, onReplayUnavailable: 'deny', nonce: 'required' },
      ...{ headers: new Set(['content-type']), components: ['content-type'], maxAgeMs: 300_000, skewMs: 30_000 },
    })
    expect(policies.get('old')?.signature).to.deep.equal({
      ...{ profile: 'concatenated', maxBodyBytes: 1_048_576, onReplayUnavailable: 'allow', rememberMs: 86_400_000 },
    })
  })

  it('limits how often a certificate may be tried, also where it says nothing of that', () => {
    const hostnames = { mtls: ['a.example'], tls: ['b.example'], try: ['try.example'] }
    const { policies, ...config } = loadWith({
      hostnames,
      policies: { silent: { channel: 'try' }, said: { channel: 'try', rate: { requests: 5, per: '10s' } } },
    })
    expect(policies.get('silent')?.rate).to.deep.equal({ requests: 30, total: 600, perMs: 60_000 })
    expect(policies.get('said')?.rate).to.deep.equal({ requests: 5, total: 600, perMs: 10_000 })
    expect(config.hostnames.channelOf('try.example')).to.equal('try')
    expect(config.hostnames.advertised('try')).to.equal('try.example')
  })

  it('puts into shadow mode the policies that say so, and all of them up to an end time', () => {
    const shadowed = loadWith(policies({ shadow: true }))
    expect([shadowed.policies.get('one')?.shadow, shadowed.shadowUntil]).to.deep.equal([true, undefined])
    const all = loadWith({ shadow: { until: '2026-12-31T00:00:00Z' } })
    expect(all.shadowUntil).to.deep.equal(new Date('2026-12-31T00:00:00Z'))
  })

  it('answers in the Berlin Group form only where PSD2 is asked for, unless the policy says otherwise', () => {
    const answer = (policy: object) => loadWith(policies(policy)).policies.get('one')?.answer
    expect(answer({})).to.equal('problem')
    expect(answer({ psd2: { roles: ['PSP_AI'] } })).to.equal('berlin_group')
    expect(answer({ psd2: { roles: ['PSP_AI'] }, answer: 'problem' })).to.equal('problem')
    expect(answer({ answer: 'berlin_group' })).to.equal('berlin_group')
  })

  it('reads hostnames in lower case, each on its channel', () => {
    const { hostnames } = loadWith({ hostnames: { mtls: ['API.Example.com', 'b.example'], tls: ['c.example'] } })
    expect(hostnames.channelOf('api.example.com')).to.equal('mtls')
    expect(hostnames.channelOf('b.example')).to.equal('mtls')
    expect(hostnames.channelOf('c.example')).to.equal('tls')
  })

  for (const listen of ['unix:/tmp/authz.sock', '127.0.0.1:9191', '127.255.0.1:0', '[::1]:9191', 'localhost:65535']) {
    it(`listens on ${listen}`, () => {
      expect(loadWith({ listen }).listen).to.equal(listen)
    })
  }

  it('takes the roots and the refused issuers of intake', () => {
    const { intake } = loadWith({
      intake: {
        accepted_roots: 'roots/',
        refused_issuers: [{ organization: 'Acme' }, { key_sha256: 'AB'.repeat(32) }],
      },
    })
    expect(intake).to.deep.equal({
      acceptedRoots: '/etc/devapp-authz/roots',
      refusedIssuers: [{ organization: 'Acme' }, { keySha256: 'ab'.repeat(32) }],
    })
    expect(loadWith({ intake: { refused_issuers: [] } }).intake.refusedIssuers).to.deep.equal([])
  })

  it("starts relative paths at the file's folder, and leaves absolute ones", () => {
    const config = loadWith({
      ...{ registry: { file: '/srv/devapps.yaml' }, qtsps: '../qtsps', psd2: { withdrawn: 'withdrawn.yaml' } },
      ocsp: { issuers: [{ certificate: 'issuers/a.pem', responder_certificate: './pinned.pem' }] },
    })
    expect(config.registry).to.deep.equal({ kind: 'file', path: '/srv/devapps.yaml' })
    expect(config.qtspsFolder).to.equal('/etc/qtsps')
    expect(config.withdrawnFile).to.equal('/etc/devapp-authz/withdrawn.yaml')
    expect(config.ocsp.issuers[0]).to.deep.include({
      certificate: '/etc/devapp-authz/issuers/a.pem',
      responder_certificate: '/etc/devapp-authz/pinned.pem',
    })
  })

  it('reads durations in milliseconds, and URLs as such', () => {
    const { ocsp, deadlineMs } = loadWith({
      deadline: '2.5s',
      ocsp: {
        ...{ timeout: '300ms', max_age: '1.5h', proxy: 'http://proxy.example:3128' },
        allowed_hosts: ['OCSP.example.com', '192.0.2.7', '[2001:DB8::1]'],
        cache: { max_age: '7d', redis: { url: 'rediss://redis.example/1' } },
        issuers: [{ certificate: 'a.pem', responder: 'http://ocsp.example.com' }],
      },
    })
    expect([deadlineMs, ocsp.timeout, ocsp.max_age, ocsp.cache.max_age]).to.deep.equal([
      2_500, 300, 5_400_000, 604_800_000,
    ])
    expect(ocsp.proxy?.href).to.equal('http://proxy.example:3128/')
    expect(ocsp.allowed_hosts).to.deep.equal(['ocsp.example.com', '192.0.2.7', '[2001:db8::1]'])
    expect(ocsp.issuers[0]?.responder?.href).to.equal('http://ocsp.example.com/')
    expect(ocsp.cache.redis).to.deep.include({ timeout: 30, key_prefix: 'devapp-authz:' })
    expect(ocsp.cache.redis?.url?.href).to.equal('rediss://redis.example/1')
  })

  it('takes off for a text, as YAML 1.2 has it', () => {
    expect(load(`%YAML 1.1\n---\n${minimal}ocsp: { nonce: off }`).ocsp.nonce).to.equal('off')
  })

  it('is frozen, down to its sets and maps', () => {
    const config = loadWith(policies({ psd2: { roles: ['PSP_AI'] } }))
    const one = config.policies.get('one')
    if (one === undefined) throw new Error('the policy is there')
    const attempts: (() => unknown)[] = [
      () => Object.assign(config, { deadlineMs: 1 }),
      () => Object.assign(config.ocsp.cache.memory, { max_entries: 1 }),
      () => Object.assign(config.hostnames, { other: 1 }),
      () => Object.assign(one, { product: 'other' }),
      () => (one.psd2?.roles as string[] | undefined)?.push('PSP_PI'),
      () => (one.require as Set<string>).delete('certificate'),
      () => (one.require as Set<string>).add('basic'),
      () => (one.require as Set<string>).clear(),
      () => (config.policies as Map<string, unknown>).set('two', one),
      () => (config.policies as Map<string, unknown>).delete('one'),
    ]
    for (const attempt of attempts) expect(attempt, String(attempt)).to.throw(TypeError)
    expect([...one.require]).to.deep.equal(['certificate'])
    expect(config.policies.size).to.equal(1)
  })

  describe('variables', () => {
    const product = (written: string, environment: Record<string, string | undefined>) =>
      loadWith(policies({ product: written }), environment).policies.get('one')?.product

    it('stand in any text, several times', () => {
      expect(product('${A}-${B}-${A}', { A: 'x', B: 'y' })).to.equal('x-y-x')
      const { ocsp } = loadWith({ ocsp: { timeout: '${T}' } }, { T: '250ms' })
      expect(ocsp.timeout).to.equal(250)
    })

    it('are written $${ where the characters are meant', () => {
      expect(product('$${A} $ $$ {A}', { A: 'x' })).to.equal('${A} $ $$ {A}')
    })

    it('are not looked for in what a variable holds', () => {
      expect(product('${A}', { A: '${B} $${C}', B: 'y' })).to.equal('${B} $${C}')
    })

    it('may be empty where an empty text is none too many', () => {
      expect(product('a${A}', { A: '' })).to.equal('a')
    })
  })

  it('is what examples/authz.yaml holds', () => {
    const example = readFileSync(fileURLToPath(new URL('../../examples/authz.yaml', import.meta.url)), 'utf8')
    expect([...load(example).policies.keys()]).to.include.members([
      'data',
      'accounts',
      'partner',
      'merchant',
      'callback',
    ])
  })

  it("gives refusals the same type as envoy/envoy.yaml gives Envoy's own", () => {
    const envoy = readFileSync(fileURLToPath(new URL('../../envoy/envoy.yaml', import.meta.url)), 'utf8')
    const types = [...envoy.matchAll(/ type: (\S+#)\w+$/gm)].map(([, base]) => base)
    expect(new Set(types)).to.deep.equal(new Set([load(minimal).typeBase]))
  })
})
