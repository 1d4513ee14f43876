// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect } from 'chai'
import fc from 'fast-check'
import { parse, stringify } from 'yaml'
import { type Config, loadConfig } from '../../src/config/config.ts'
import { DocumentError } from '../../src/config/problem.ts'
import { configSchema, knownKeys } from '../../src/config/schema.ts'

/** The configuration, or its problems; anything else that is thrown fails the test. */
function outcomeOf(text: string, environment: Record<string, string> = {}): Config | DocumentError {
  try {
    return loadConfig({ text, name: 'c.yaml', folder: '/etc', environment })
  } catch (error) {
    if (error instanceof DocumentError) return error
    throw error
  }
}

function expectRefusal(outcome: Config | DocumentError): void {
  if (!(outcome instanceof DocumentError)) throw new Error('it was accepted')
  expect(outcome.problems.length).to.be.greaterThan(0)
  for (const { path, message, cure } of outcome.problems) {
    expect(message).not.to.equal('')
    expect(cure).not.to.equal('')
    expect(`${path}${message}${cure}`).not.to.match(/\n|\{written\}/)
  }
}

const good = parse(`
hostnames: { mtls: [api.example.com], tls: [api2.example.com] }
policies: { accounts: { channel: mtls, require: [certificate], psd2: { roles: [PSP_AI] } } }
registry: { file: devapps.yaml }
ocsp: { timeout: 1s, breaker: { failures: 3 }, cache: { redis: { url: 'redis://h' } }, issuers: [{ certificate: a, responder: 'http://h/' }] }
`) as Record<string, unknown>

const anyKey = fc.oneof(
  fc.constantFrom(...Object.keys(configSchema.shape), ...knownKeys(['ocsp']), ...knownKeys(['policies', 'x'])),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'length', '', '<<', '0'),
  fc.string({ maxLength: 12 }),
)
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom('1s', 'deny', 'mtls', 'certificate', 'PSP_AI', 'redis://h', '${A}', '${B}', '$${', '${'),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyKey, tie('value'), { maxKeys: 5 }),
  ),
}))

/** Paths to every part of a value. */
function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [[...path]]
  return [[...path], ...Object.entries(value).flatMap(([key, part]) => pathsOf(part, [...path, key]))]
}

function replaced(value: unknown, [step, ...rest]: readonly string[], part: unknown): unknown {
  if (step === undefined) return part
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) }
  return Object.assign(copy, { [step]: replaced((copy as Record<string, unknown>)[step], rest, part) })
}

describe('loadConfig', function () {
  this.timeout(30_000)

  it('refuses arbitrary values, and throws nothing but a DocumentError', () => {
    fc.assert(
      fc.property(anyValue, (value) =>
        expectRefusal(outcomeOf(stringify(value, { aliasDuplicateObjects: false }), { A: 'x' })),
      ),
      { numRuns: 250 },
    )
  })

  it('accepts or refuses a good file with any part replaced, and throws nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(good)), anyValue, (path, value) => {
        const outcome = outcomeOf(stringify(replaced(good, path, value), { aliasDuplicateObjects: false }), { A: 'x' })
        if (outcome instanceof DocumentError) expectRefusal(outcome)
        else expect(Object.isFrozen(outcome)).to.equal(true)
      }),
      { numRuns: 500 },
    )
  })

  it('throws nothing else on arbitrary text', () => {
    const fragment = fc.constantFrom(
      ...['a', ': ', '- ', '\n', '  ', '\t', '"', "'", '{', '}', '[', ']', ',', '&a ', '*a', '!t ', '|', '>', '#', '%'],
      ...['---\n', '...\n', '? ', '<<', '${A}', '${', '$${', 'policies', 'ocsp', '\u0000', '\ufeff', '\ud800', '\r'],
    )
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 40 }), (fragments) => expectRefusal(outcomeOf(fragments.join('')))),
      { numRuns: 500 },
    )
  })
})
