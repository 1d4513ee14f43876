import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const source = fileURLToPath(new URL('../../src', import.meta.url))

/** Top floor first. A file imports from its own floor's folder and from floors below, never from one above. */
const floors = [
  'console/',
  'main.ts',
  'serve.ts',
  'workers/',
  'service.ts',
  'service_api.ts',
  'service_log.ts',
  'cli/',
  'metrics/',
  'tracing/',
  'api/',
  'admin/',
  'envoy/',
  'explain/',
  'authorize.ts',
  'try_it.ts',
  'gather.ts',
  'signing/',
  'registry/',
  'lockout/',
  'intake/',
  'revocation/',
  'redis/',
  'config/',
  'ports.ts',
  'pki/',
  'domain/',
  'ops/',
  'limits/',
  'http/',
  'watched_files.ts',
  'later_reading.ts',
  'unix_socket.ts',
  'version.ts',
  'breaker.ts',
  'listen_address.ts',
  'duration.ts',
]
/** Floors that meet only through others: neither imports the other, whichever stands higher. */
const strangers: [string, string[]][] = [
  ...['authorize.ts', 'try_it.ts', 'gather.ts'].map((floor): [string, string[]] => [
    floor,
    ['registry/', 'revocation/', 'config/', 'pki/', 'ops/', 'envoy/', 'limits/', 'lockout/', 'signing/'],
  ]),
  ['explain/', ['registry/', 'revocation/', 'config/', 'pki/', 'ops/', 'signing/']],
  ['signing/', ['registry/', 'intake/', 'config/', 'ops/']],
  ['admin/', ['envoy/', 'authorize.ts', 'registry/']],
  ['tracing/', ['admin/', 'explain/', 'authorize.ts']],
  ['metrics/', ['admin/', 'authorize.ts', 'config/']],
  ['registry/', ['revocation/', 'intake/', 'ops/']],
  ['revocation/', ['intake/', 'ops/']],
  ['lockout/', ['intake/', 'ops/', 'pki/']],
  ['intake/', ['revocation/', 'config/', 'ops/']],
  ['domain/', floors.filter((floor) => floor !== 'domain/')],
  ['pki/', ['ops/', 'http/']],
  ['http/', ['ops/']],
]

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('generated'))
  .sort()

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '')
  return specifiers.map((specifier) => relative(source, resolve(source, dirname(file), specifier)))
}

const graph = new Map(files.map((file) => [file, importsOf(file)]))
const floorOf = (file: string): string => floors.find((floor) => file === floor || file.startsWith(floor)) ?? 'none'

describe('the import graph', () => {
  it('has a floor for every file', () => {
    expect(files.filter((file) => floorOf(file) === 'none')).to.deep.equal([])
    expect(files.length).to.be.greaterThan(30)
  })

  it('points down only', () => {
    const upward = [...graph].flatMap(([file, imported]) =>
      imported
        .filter((target) => floors.indexOf(floorOf(target)) < floors.indexOf(floorOf(file)))
        .map((target) => `${file} -> ${target}`),
    )
    expect(upward).to.deep.equal([])
  })

  for (const [floor, others] of strangers) {
    it(`keeps ${floor} from ${others.join(', ')}`, () => {
      const met = [...graph].flatMap(([file, imported]) =>
        floorOf(file) === floor
          ? imported.filter((target) => others.includes(floorOf(target))).map((target) => `${file} -> ${target}`)
          : [],
      )
      expect(met).to.deep.equal([])
    })
  }

  it('keeps domain/ free of packages and of Node', () => {
    const outside = files
      .filter((file) => file.startsWith('domain/'))
      .flatMap((file) =>
        [...readFileSync(join(source, file), 'utf8').matchAll(/from '([^.][^']*)'/g)].map(
          (match) => `${file} -> ${match[1]}`,
        ),
      )
    expect(outside).to.deep.equal([])
  })

  it('keeps the console, which runs in browsers, to the API: it takes types from there, and nothing else', () => {
    const imported = files
      .filter((file) => file.startsWith('console/'))
      .flatMap((file) =>
        [...readFileSync(join(source, file), 'utf8').matchAll(/^import (type )?\{[^}]*\} from '(\.\.\/[^']+)'/gm)]
          .map(([, type, specifier = '']) => ({
            type,
            target: relative(source, resolve(source, dirname(file), specifier)),
          }))
          .filter(({ target }) => !target.startsWith('console/')),
      )
    expect(imported).to.not.be.empty
    expect(imported.filter(({ type, target }) => type === undefined || !target.startsWith('api/'))).to.deep.equal([])
  })

  it('keeps OpenTelemetry to tracing/, which is loaded only where something is traced', () => {
    const importers = files.filter((file) => /from '@opentelemetry/.test(readFileSync(join(source, file), 'utf8')))
    expect(importers).to.not.be.empty
    expect(importers.filter((file) => floorOf(file) !== 'tracing/')).to.deep.equal([])
    const loading = files.filter((file) =>
      /^import (?!type).*'\.+\/tracing\//m.test(readFileSync(join(source, file), 'utf8')),
    )
    expect(loading).to.deep.equal([])
  })

  it('has no circle', () => {
    const circles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
      else if (!done.has(file)) for (const target of graph.get(file) ?? []) visit(target, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(circles).to.deep.equal([])
  })
})
