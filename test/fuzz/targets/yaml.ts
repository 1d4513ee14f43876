// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { readFileSync } from 'node:fs'
import { loadConfig } from '../../../src/config/config.ts'
import { DocumentError } from '../../../src/config/problem.ts'
import { parseDevApps } from '../../../src/registry/file/devapps_file.ts'
import { DevAppsReader } from '../../../src/registry/file/devapps_reader.ts'
import { bytesInMemory } from '../../../src/registry/file/registry_bytes.ts'
import { chosen } from '../mutators/edit.ts'
import { changedText } from '../mutators/text.ts'
import { plain, plainIssuing } from '../seeds.ts'
import { broken, type Target, valueOrError } from '../target.ts'

const example = (name: string): string => readFileSync(new URL(`../../../examples/${name}`, import.meta.url), 'utf8')
const uncommented = (text: string): string => text.replace(/^\s*#.*\n/gm, '')
const indented = (pem: string): string => pem.replace(/^(?=.)/gm, '          ')

const syntax = [
  ...[
    ': ',
    '- ',
    '\n',
    '\n  ',
    '\n    ',
    '\t',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ', ',
    '&a ',
    '*a',
    '!t ',
    '!!binary ',
    '|',
    '>-',
    '#',
    '%',
    '? ',
    '<<: ',
  ],
  ...[
    '---\n',
    '...\n',
    '\0',
    '\ufeff',
    '\r',
    '\u2028',
    '~',
    'null',
    'true',
    '1e999',
    '0x1f',
    '-1',
    '1s',
    '999999999999h',
    '.inf',
    'deny',
    'allow',
  ],
  ...[
    '${A}',
    '${',
    '$${A}',
    '${A:-x}',
    '${__proto__}',
    '__proto__',
    'constructor',
    'policies',
    'x'.repeat(3_000),
    '[[[[[[[[',
    '{a: {a: {a: ',
  ],
]
const pieces = /\n *|[A-Za-z0-9_./:]+|[\s\S]/g
const documents = {
  config: [
    uncommented(example('authz.yaml')),
    example('authz.yaml').replace(/^# (tracing|log)/gm, '$1'),
    'hostnames: { mtls: [a.example], tls: [b.example] }\npolicies: { x: { channel: tls, require: [basic] } }\nregistry: { postgres: { url: "${A}" } }\n',
  ],
  registry: [
    uncommented(example('devapps.yaml')),
    `devapps:\n  - id: acme\n    name: Acme\n    client_key: acme-key\n    products: [data]\n    certificates:\n      - chain: |\n${indented(plain.pem + plainIssuing.chainPem)}`,
    `chains:\n  a: |\n${indented(plainIssuing.chainPem)}devapps:\n  - id: acme\n    name: "Acme"\n    client_key: k\n    labels: { a: b }\n    certificates:\n      - leaf: |\n${indented(plain.pem)}        issuer: a\n`,
  ],
}

function explained(error: DocumentError): void {
  if (error.problems.length === 0) broken('refused without a reason')
  for (const { message, cure, path } of error.problems) {
    if (message === '' || cure === '') broken('a problem without its cure')
    if (/[\r\n]/.test(`${path}${message}${cure}`)) broken(`a problem of several lines: ${message}`)
  }
}

const mutantOf =
  (texts: readonly string[]): Target['mutant'] =>
  ({ seed, edits }) =>
    Buffer.from(changedText(chosen(texts, seed), edits, syntax, pieces))

/** The configuration, as an operator writes it. */
export const config: Target = {
  name: 'config',
  seeds: documents.config.map((text) => Buffer.from(text)),
  mutant: mutantOf(documents.config),
  examine: (input) => {
    const source = {
      text: Buffer.from(input).toString(),
      name: 'c.yaml',
      folder: '/etc',
      environment: { A: 'postgres://h/d' },
    }
    const read = valueOrError(() => loadConfig(source), DocumentError)
    if (!(read instanceof DocumentError)) return 'good'
    explained(read)
    return 'refused'
  },
}

/** The registry's file: what is read item by item is what the `yaml` package reads. */
export const registry: Target = {
  name: 'registry',
  seeds: documents.registry.map((text) => Buffer.from(text)),
  mutant: mutantOf(documents.registry),
  examine: async (input) => {
    const bytes = Buffer.from(input)
    const whole = valueOrError(() => parseDevApps(bytes.toString(), 'devapps.yaml'), DocumentError)
    const byItem = await new DevAppsReader().read(bytesInMemory('devapps.yaml', bytes)).catch((error: unknown) => {
      if (error instanceof DocumentError) return error
      throw error
    })
    if (whole instanceof DocumentError !== byItem instanceof DocumentError)
      broken('one reader takes it, the other does not')
    if (whole instanceof DocumentError || byItem instanceof DocumentError) {
      if (whole instanceof DocumentError) explained(whole)
      return 'refused'
    }
    const shown = (devApps: typeof whole): string =>
      JSON.stringify(
        devApps.map((each) => [each, [...each.products], each.certificates.map(({ leaf }) => leaf.sha256)]),
        (key, value) => (key === 'certificates' ? undefined : value),
      )
    if (shown(whole) !== shown(byItem.devApps)) broken('the two readers read different DevApps')
    return 'good'
  },
}
