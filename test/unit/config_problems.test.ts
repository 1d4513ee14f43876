// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect } from 'chai'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../src/config/config.ts'
import { DocumentError, type Problem } from '../../src/config/problem.ts'

const minimal = `
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies: { callback: { channel: tls, require: [] } }
registry: { file: devapps.yaml }
`

function errorOf(text: string, environment: Record<string, string | undefined> = {}): DocumentError {
  try {
    loadConfig({ text, name: 'config.yaml', folder: '/etc/devapp-authz', environment })
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
  throw new Error('the configuration was accepted')
}

const problemsOf = (text: string, environment?: Record<string, string | undefined>): readonly Problem[] =>
  errorOf(text, environment).problems

/** The problems of the minimal configuration with other top-level keys. */
const problemsWith = (changes: object, environment?: Record<string, string | undefined>): readonly Problem[] =>
  problemsOf(stringify({ ...(parse(minimal) as object), ...changes }), environment)

/** The minimal configuration with one policy, which the changes make wrong. */
const policy = (changes: object) => ({ policies: { one: { channel: 'mtls', require: ['certificate'], ...changes } } })
const ocsp = (changes: object) => ({ ocsp: changes })
const redis = (url: string) => ocsp({ cache: { redis: { url } } })

describe('problems of a configuration', () => {
  it('are shadow mode for all policies without an end, and an end that is no instant', () => {
    const said = (shadow: unknown) => problemsWith({ shadow }).map(({ path, message }) => `${path}: ${message}`)
    expect(said({})).to.deep.equal(['shadow.until: it is missing: expected a time'])
    expect(said(true)).to.deep.equal(['shadow: expected the key until, got true'])
    for (const until of ['tomorrow', '2026-12-31', '2026-12-31T00:00:00', '2026-13-31T00:00:00Z', 3])
      expect(said({ until })).to.deep.equal([`shadow.until: expected a time, got ${JSON.stringify(until)}`])
    expect(problemsWith(policy({ shadow: 'yes' })).map(({ path }) => path)).to.deep.equal(['policies.one.shadow'])
  })

  it('are all told at once, each with its line, path and cure', () => {
    const text = `hostnames: { mtls: [api.example.com], tls: [api.example.com] }
policies:
  accounts: { channel: mtls, require: [certificate], psd2: { roles: [PSP_AO] } }
registry: { file: devapps.yaml }
deadlin: 2s
ocsp:
  timeout: 5 seconds
  cache: { redis: { url: "\${REDIS_URL}" } }
`
    expect(errorOf(text).message.split('\n')).to.deep.equal([
      'config.yaml:1: hostnames.tls[0]: "api.example.com" stands here a second time; give each hostname once: the kinds exclude each other',
      'config.yaml:3: policies.accounts.psd2.roles[0]: expected PSP_AS, PSP_PI, PSP_AI or PSP_IC, got "PSP_AO"; write one of these words',
      'config.yaml:5: deadlin: there is no such key; remove it, or write deadline',
      'config.yaml:7: ocsp.timeout: expected a duration, got "5 seconds"; write it with a unit, such as 300ms or 1s',
      'config.yaml:8: ocsp.cache.redis.url: the environment has no variable REDIS_URL; set REDIS_URL, or write $${REDIS_URL} where these characters are meant',
    ])
  })

  it('are told together with errors of syntax', () => {
    const text = `${minimal}deadline: 5\nocsp: { timeout: 1s\nlog: { level: loud }\n`
    expect(problemsOf(text).map(({ path, line }) => [path, line])).to.deep.equal([
      ['deadline', 5],
      ['', 7],
      ['log.level', 7],
    ])
  })

  it('do not say that something is missing where a syntax error may have swallowed it', () => {
    const problems = problemsOf(
      'hostnames: { mtls: [api.example.com], tls: ["api2.example.com] }\nregistry: { file: a }\n',
    )
    expect(problems.length).to.be.greaterThan(0)
    expect(problems.filter(({ message }) => message.includes('missing: expected'))).to.deep.equal([])
  })

  describe('of values', () => {
    const cases: [title: string, changes: object, path: string, message: RegExp][] = [
      [
        'a public address',
        { listen: '0.0.0.0:9191' },
        'listen',
        /expected a Unix socket or a loopback address, got "0/,
      ],
      ['an address of another host', { listen: '192.0.2.1:9191' }, 'listen', /loopback/],
      ['a hostname as the address', { listen: 'authz.example.com:9191' }, 'listen', /loopback/],
      ['an impossible port', { listen: '127.0.0.1:65536' }, 'listen', /loopback/],
      ['an impossible octet', { listen: '127.0.0.256:1' }, 'listen', /loopback/],
      ['a relative socket', { listen: 'unix:authz.sock' }, 'listen', /loopback/],
      ['a socket path that no socket can have', { listen: `unix:/${'a'.repeat(107)}` }, 'listen', /loopback/],
      [
        'a hostname with a port',
        { hostnames: { mtls: ['a.b:1'], tls: ['c'] } },
        'hostnames.mtls[0]',
        /a hostname, got "a.b:1"/,
      ],
      ['a final dot', { hostnames: { mtls: ['a.b.'], tls: ['c'] } }, 'hostnames.mtls[0]', /expected a hostname/],
      ['a wildcard', { hostnames: { mtls: ['*.b'], tls: ['c'] } }, 'hostnames.mtls[0]', /expected a hostname/],
      [
        'an address as a hostname',
        { hostnames: { mtls: ['192.0.2.1'], tls: ['c'] } },
        'hostnames.mtls[0]',
        /expected a hostname/,
      ],
      ['an empty hostname', { hostnames: { mtls: [''], tls: ['c'] } }, 'hostnames.mtls[0]', /expected a hostname/],
      ['a channel without hostnames', { hostnames: { mtls: [], tls: ['c'] } }, 'hostnames.mtls', /it is empty/],
      ['a missing channel', { hostnames: { mtls: ['a'] } }, 'hostnames.tls', /it is missing: expected a list/],
      [
        'a name instead of a list',
        { hostnames: { mtls: 'a', tls: ['c'] } },
        'hostnames.mtls',
        /expected a list, got "a"/,
      ],
      [
        'an unknown channel',
        policy({ channel: 'both' }),
        'policies.one.channel',
        /expected mtls, tls or try, got "both"/,
      ],
      [
        'no channel',
        policy({ channel: undefined }),
        'policies.one.channel',
        /it is missing: expected mtls, tls or try/,
      ],
      ['an unknown credential', policy({ require: ['token'] }), 'policies.one.require[0]', /got "token"/],
      ['an unknown role', policy({ psd2: { roles: ['PSP_XX'] } }), 'policies.one.psd2.roles[0]', /got "PSP_XX"/],
      [
        'yes for true',
        policy({ keep_authorization: 'yes' }),
        'policies.one.keep_authorization',
        /true or false, got "yes"/,
      ],
      ['an empty product', policy({ product: '' }), 'policies.one.product', /it is empty/],
      ['a line break in a path', { registry: { file: 'a\nb' } }, 'registry.file', /control character/],
      ['no registry', { registry: {} }, 'registry', /it says not where/],
      ['a duration without unit', ocsp({ timeout: 5 }), 'ocsp.timeout', /expected a duration, got 5$/],
      ['no time at all', ocsp({ timeout: '0s' }), 'ocsp.timeout', /"0s" is too short/],
      ['a time that no timer waits', { deadline: '25d' }, 'deadline', /"25d" is too long/],
      [
        'a count in words',
        ocsp({ connections: 'many' }),
        'ocsp.connections',
        /a whole number from 1 to 1000, got "many"/,
      ],
      ['no connections', ocsp({ connections: 0 }), 'ocsp.connections', /got 0$/],
      ['a broken number', ocsp({ queue: 1.5 }), 'ocsp.queue', /got 1.5$/],
      ['an unknown nonce policy', ocsp({ nonce: 'on' }), 'ocsp.nonce', /expected off, optional or required/],
      ['no host that may be asked', ocsp({ allowed_hosts: [] }), 'ocsp.allowed_hosts', /no responder could be asked/],
      ['a URL as a host', ocsp({ allowed_hosts: ['http://a/'] }), 'ocsp.allowed_hosts[0]', /expected a host/],
      ['a section that is empty', { ocsp: null }, 'ocsp', /got nothing/],
      ['a list as a section', { ocsp: [] }, 'ocsp', /got a list/],
      ['a type without separator', { answers: { type_base: 'https://a/denials' } }, 'answers.type_base', /run into/],
      ['a relative type', { answers: { type_base: '/denials#' } }, 'answers.type_base', /expected a URL/],
      ['Redis over HTTP', redis('http://redis/'), 'ocsp.cache.redis.url', /begins with redis: or rediss:/],
      ['Redis without a host', redis('redis:///1'), 'ocsp.cache.redis.url', /names no host/],
      ['a Redis database by name', redis('redis://h/sessions'), 'ocsp.cache.redis.url', /database that is no number/],
      ['a proxy of another kind', ocsp({ proxy: 'socks5://p:1' }), 'ocsp.proxy', /begins with http: or https:/],
      [
        'a responder with a password',
        ocsp({ issuers: [{ certificate: 'a', responder: 'http://u:p@r/' }] }),
        'ocsp.issuers[0].responder',
        /without user name and password/,
      ],
    ]
    for (const [title, changes, path, message] of cases) {
      it(`name ${title}`, () => {
        const problems = problemsWith(changes)
        expect(problems.map((problem) => problem.path)).to.deep.equal([path])
        expect(problems[0]?.message).to.match(message)
        expect(problems[0]?.cure).not.to.equal('')
      })
    }
  })

  describe('between the parts', () => {
    const cases: [title: string, changes: object, path: string, message: RegExp][] = [
      [
        'a hostname on both channels',
        { hostnames: { mtls: ['a.b'], tls: ['A.b'] } },
        'hostnames.tls[0]',
        /"A.b" stands here a second/,
      ],
      [
        'a hostname twice on one',
        { hostnames: { mtls: ['a.b', 'a.b'], tls: ['c'] } },
        'hostnames.mtls[1]',
        /second time/,
      ],
      ['no policies', { policies: {} }, 'policies', /there are none/],
      [
        'a policy with a name of another kind',
        { policies: { 'A b': { channel: 'tls', require: [] } } },
        'policies["A b"]',
        /no name/,
      ],
      [
        '2-way TLS without certificate',
        policy({ require: ['basic'] }),
        'policies.one.require',
        /does not require the certificate/,
      ],
      [
        'a certificate on 1-way TLS',
        policy({ channel: 'tls' }),
        'policies.one.require',
        /no client certificate on tls/,
      ],
      ['a credential twice', policy({ require: ['certificate', 'certificate'] }), 'policies.one.require', /twice/],
      [
        'PSD2 without certificate',
        policy({ channel: 'tls', require: ['basic'], psd2: { roles: ['PSP_AI'] } }),
        'policies.one.psd2',
        /none is required/,
      ],
      ['PSD2 that asks for nothing', policy({ psd2: {} }), 'policies.one.psd2', /asks for nothing/],
      [
        'a required QWAC of nobody',
        policy({ psd2: { qwac: 'required' } }),
        'qtsps',
        /whose QWACs the policy one accepts/,
      ],
      [
        'a product that nobody can have',
        policy({ channel: 'tls', require: [], product: 'a' }),
        'policies.one.product',
        /public API/,
      ],
      [
        'Authorization kept without Basic',
        policy({ keep_authorization: true }),
        'policies.one.keep_authorization',
        /untouched/,
      ],
      ['a timeout at the deadline', { deadline: '1s' }, 'ocsp.timeout', /as long as the whole check/],
      [
        'asking for less than a request waits',
        ocsp({ fetch_timeout: '500ms' }),
        'ocsp.fetch_timeout',
        /asking ends before/,
      ],
      [
        'a slow Redis',
        ocsp({ cache: { redis: { url: 'redis://h', timeout: '1s' } } }),
        'ocsp.cache.redis.timeout',
        /all the time/,
      ],
      [
        'a breaker that shrinks',
        ocsp({ breaker: { max_open: '1s' } }),
        'ocsp.breaker.max_open',
        /shorter than the first/,
      ],
      [
        'an issuer of which nothing is said',
        ocsp({ issuers: [{ certificate: 'a' }] }),
        'ocsp.issuers[0]',
        /says nothing/,
      ],
      [
        'an issuer twice',
        ocsp({ issuers: [1, 2].map((n) => ({ certificate: 'a', responder: `http://h${n}/` })) }),
        'ocsp.issuers[1].certificate',
        /"a" stands here a second time/,
      ],
    ]
    for (const [title, changes, path, message] of cases) {
      it(`name ${title}`, () => {
        const problems = problemsWith(changes)
        expect(problems.map((problem) => problem.path)).to.deep.equal([path])
        expect(problems[0]?.message).to.match(message)
        expect(problems[0]?.cure).not.to.equal('')
      })
    }

    it('are found in the parts of a policy that can be read', () => {
      const problems = problemsWith(
        policy({ require: ['basic'], product: 5, answer: 'xml', psd2: { roles: ['PSP_XX'] } }),
      )
      expect(problems.map(({ path }) => path)).to.have.members([
        'policies.one.require',
        'policies.one.product',
        'policies.one.answer',
        'policies.one.psd2',
        'policies.one.psd2.roles[0]',
      ])
    })

    it('do not come from parts that cannot be read', () => {
      expect(problemsWith(ocsp({ timeout: 'soon', fetch_timeout: '1ms' })).map(({ path }) => path)).to.deep.equal([
        'ocsp.timeout',
      ])
    })
  })

  describe('of keys', () => {
    const cureOf = (changes: object): string | undefined => problemsWith(changes)[0]?.cure

    it('name the key that was likely meant, of those that may stand there', () => {
      expect(cureOf({ qtsp: 'a' })).to.equal('remove it, or write qtsps')
      expect(cureOf(policy({ reqire: [] }))).to.equal('remove it, or write require')
      expect(cureOf(ocsp({ 'on-no-source': 'deny' }))).to.equal('remove it, or write on_no_source')
      expect(cureOf(ocsp({ allowSha1: true }))).to.equal('remove it, or write allow_sha1')
      expect(cureOf({ ...redis('redis://h'), timeout: '1s' })).to.match(
        /^remove it, or use one of listen, .*hostnames, policies/,
      )
    })

    it('are told for every unknown key', () => {
      const problems = problemsWith({ one: 1, two: { three: 3 } })
      expect(problems.map(({ path }) => path)).to.deep.equal(['one', 'two'])
    })

    it('do not repeat a key that is none: it may be a value that no space parts from its key', () => {
      const [problem, ...others] = problemsOf(
        `${minimal}ocsp: { cache: { redis: { url: 'redis://h', "password:hunter2": 1 } } }\n`,
      )
      expect(others).to.deep.equal([])
      expect(problem).to.deep.include({ path: 'ocsp.cache.redis', line: 5, message: 'there is a key that is none' })
      expect(JSON.stringify(problem)).not.to.contain('hunter2')
    })

    it('name keys that JavaScript gives a meaning to', () => {
      const problems = problemsWith({
        hostnames: { mtls: { length: { toString: 1 } }, tls: { length: 1 } },
        registry: { file: { length: { valueOf: 1 } } },
        ocsp: { timeout: { toString: 1 } },
      })
      expect(problems.map(({ path }) => path)).to.deep.equal([
        'hostnames.mtls',
        'hostnames.tls',
        'registry.file',
        'ocsp.timeout',
      ])
    })

    it('name keys that every object has', () => {
      const problems = problemsOf(`${minimal}__proto__: { a: 1 }\nconstructor: 1\n`)
      expect(problems.map(({ path }) => path)).to.have.members(['__proto__', 'constructor'])
    })
  })

  describe('of syntax', () => {
    const cases: [title: string, text: string, line: number, message: RegExp][] = [
      ['an open bracket', `${minimal}log: { level: info\nqtsps: a\n`, 6, /bracket is not closed/],
      ['a tab', `${minimal}log:\n\tlevel: info\n`, 6, /tab/],
      ['a key twice', `${minimal}qtsps: a\nqtsps: b\n`, 6, /a second time/],
      ['a second document', `${minimal}---\na: 1\n`, 5, /second document/],
      ['an alias for nothing', `${minimal}qtsps: *folder\n`, 5, /no anchor/],
      ['a tag', `${minimal}qtsps: !path a\n`, 5, /tag/],
      ['an open quote', `${minimal}qtsps: "a\n`, 6, /quote/],
    ]
    for (const [title, text, line, message] of cases) {
      it(`name ${title}`, () => {
        const [problem, ...others] = problemsOf(text).filter(({ path }) => path === '')
        expect(problem?.message).to.match(message)
        expect(problem?.line).to.equal(line)
        expect(others).to.deep.equal([])
      })
    }

    it('name an alias that contains itself', () => {
      const problems = problemsOf(`${minimal}ocsp: &a { issuers: [*a] }\n`)
      expect(problems.map(({ message }) => message)).to.include('it contains itself')
    })

    it('name aliases that multiply', () => {
      const levels = Array.from(
        { length: 9 },
        (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
      )
      const problems = problemsOf(`${minimal}l0: &l0 [a]\n${levels.join('\n')}\n`)
      expect(problems.map(({ message }) => message).join()).to.match(/aliases \(\*\) repeat too much/)
    })

    it('name a file that is longer than any configuration', () => {
      const [problem, ...others] = problemsOf(`#${'-'.repeat(1_048_576)}`)
      expect(problem?.message).to.match(/longer than 1048576/)
      expect(others).to.deep.equal([])
    })
  })

  describe('of variables', () => {
    it('name one that is missing, and nothing else about its place', () => {
      const problems = problemsWith(ocsp({ timeout: '${TIMEOUT}' }))
      expect(problems.map(({ path, message }) => [path, message])).to.deep.equal([
        ['ocsp.timeout', 'the environment has no variable TIMEOUT'],
      ])
    })

    it('name each that is missing', () => {
      const problems = problemsWith(redis('redis://${USER_X}:${PASSWORD_X}@h/'))
      expect(problems.map(({ message }) => message)).to.deep.equal([
        'the environment has no variable USER_X',
        'the environment has no variable PASSWORD_X',
      ])
    })

    for (const written of ['${}', '${a-b}', '${1}', '${A', '${ A }', '${constructor}']) {
      it(`name ${written}, which is none`, () => {
        expect(problemsWith(policy({ product: written }), { A: 'x' }).map(({ path }) => path)).to.deep.equal([
          'policies.one.product',
        ])
      })
    }
  })

  describe('repeat no secret', () => {
    const secret = 'hunter2-hunter2'
    const environment = { SECRET: secret, URL_WITH_SECRET: `redis://user:${secret}@redis.example/x`, EMPTY: '' }
    const cases: [title: string, changes: object][] = [
      ['of a variable in a wrong place', ocsp({ timeout: '${SECRET}' })],
      ['of a variable for one of several words', { log: { level: '${SECRET}' } }],
      ['of a variable in a hostname', { hostnames: { mtls: ['${SECRET}_'], tls: ['c'] } }],
      ['of a variable that repeats a hostname', { hostnames: { mtls: ['${SECRET}'], tls: ['${SECRET}'] } }],
      ['of a variable where a section is expected', { ocsp: { cache: { redis: '${URL_WITH_SECRET}' } } }],
      ['of a variable in a list', { ocsp: [['${URL_WITH_SECRET}']] }],
      ['of a Redis URL from a variable', redis('${URL_WITH_SECRET}')],
      ['of a Redis URL in the file', redis(`redis://user:${secret}@redis.example/x`)],
      ['of a Redis URL of the wrong kind', redis(`http://:${secret}@redis.example/`)],
      ['of a Redis URL that is none', redis(`redis//${secret}`)],
      ['of a Redis URL that stands for its section', ocsp({ cache: { redis: `redis://:${secret}@redis.example/` } })],
      ['of a password that stands for a section', ocsp({ cache: { redis: secret } })],
      ['of a URL in another place', { listen: `redis://:${secret}@redis.example/` }],
      ['of a password with an @', { listen: `redis://:@/${secret}@@redis.example/` }],
      ['of a proxy', ocsp({ proxy: `socks5://u:${secret}@p/` })],
      ['of a text that begins a variable', redis(`redis://:\${${secret}@h/`)],
      ['under an unknown key', ocsp({ cache: { redis: { url: 'redis://h', password: secret } } })],
    ]
    for (const [title, changes] of cases) {
      it(title, () => {
        const text = stringify({ ...(parse(minimal) as object), ...changes })
        const error = errorOf(text, environment)
        expect(error.problems.length).to.be.greaterThan(0)
        expect(JSON.stringify(error.problems) + error.message + error.stack).not.to.contain(secret)
      })
    }

    it('on a line that is not YAML', () => {
      const { message, problems } = errorOf(
        `${minimal}ocsp: { cache: { redis: { url: redis://:${secret}@h/, "${secret}" "x" } }\n`,
      )
      expect(problems.length).to.be.greaterThan(0)
      expect(message.replace(`"${secret}"`, '')).not.to.contain(`:${secret}@`)
    })

    it('and say what the file has instead', () => {
      expect(problemsWith(ocsp({ timeout: '${SECRET}' }), environment)[0]?.message).to.equal(
        'expected a duration, got "${SECRET}"',
      )
    })
  })
})
