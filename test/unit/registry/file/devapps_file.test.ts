import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { DocumentError } from '../../../../src/config/problem.ts'
import { parseDevApps } from '../../../../src/registry/file/devapps_file.ts'
import { hashChosenSecret } from '../../../../src/registry/secrets.ts'
import { chain, devApp, hash, leaf, parse, said, saidOf } from './devapps_fixture.ts'

describe('a registry file', () => {
  it('gives every DevApp with what it registered', () => {
    const hashes = [hash, hashChosenSecret('a secret that a person chose')]
    const [acme, beta, ...others] = parse(
      devApp({
        ...{ environment: 'staging', status: 'disabled', products: ['data', 'accounts'], certificates: [{ chain }] },
        client_secrets: [{ hash: hashes[0], not_after: '2026-12-31T23:00:00Z' }, { hash: hashes[1] }],
        labels: { contact: 'api@acme.example' },
      }),
      devApp({ id: 'beta', client_key: 'beta-key' }),
    )
    expect(others).to.deep.equal([])
    expect({ ...acme, certificates: undefined }).to.deep.equal({
      ...{ id: 'acme', name: 'Acme', environment: 'staging', status: 'disabled', clientKey: 'acme-key' },
      clientSecrets: [
        { hash: hashes[0], notAfter: new Date('2026-12-31T23:00:00Z') },
        { hash: hashes[1], notAfter: undefined },
      ],
      products: new Set(['data', 'accounts']),
      certificates: undefined,
      publicKeys: [],
      labels: { contact: 'api@acme.example' },
    })
    const [registered] = acme?.certificates ?? []
    expect(registered?.leaf.serialNumber).to.equal(leaf.serialNumber)
    expect(registered?.chain.map(({ commonNames }) => commonNames[0])).to.deep.equal([
      'Example Issuing CA',
      'Example Root CA',
    ])
    expect(beta).to.deep.equal({
      ...{ id: 'beta', name: 'Acme', environment: 'production', status: 'enabled', clientKey: 'beta-key' },
      publicKeys: [],
      ...{ clientSecrets: [], products: new Set(), certificates: [], labels: {} },
    })
  })

  it('may hold no DevApp, and has to say so', () => {
    expect(parse()).to.deep.equal([])
    expect(saidOf('')).to.deep.equal([
      'devapps.yaml: it is missing: expected the keys devapps, chains; write its keys below it, indented',
    ])
  })

  it('names every problem at once, with line, path and cure', () => {
    const yaml = [
      'devapps:',
      '  - id: acme',
      '    name: Acme',
      '    client_key: "with space"',
      '    status: on',
      '  - id: acme',
      '    client_key: beta-key',
      '    clientsecrets: []',
    ].join('\n')
    expect(saidOf(yaml)).to.deep.equal([
      'devapps.yaml:4: devapps[0].client_key: not a ClientKey; write up to 256 characters of printable ASCII, without colon and space',
      'devapps.yaml:5: devapps[0].status: expected enabled or disabled, got "on"; write one of these words',
      'devapps.yaml:6: devapps[1].name: it is missing: expected a text; write a text here',
      'devapps.yaml:6: devapps[1].id: another DevApp has it already; give each DevApp its own',
      'devapps.yaml:8: devapps[1].clientsecrets: there is no such key; remove it, or write client_secrets',
    ])
  })

  it('offers the keys that may stand in the place of an unknown one', () => {
    expect(said(devApp({ zone: 1 }))[0]).to.contain(
      'use one of id, name, environment, status, client_key, client_secrets,',
    )
    expect(said(devApp({ client_secrets: [{ hash, until: 1 }] }))[0]).to.contain('use one of hash, not_after')
    expect(said(devApp({ certificates: [{ chain, root: 1 }] }))[0]).to.contain('use one of chain, leaf, issuer')
    expect(saidOf('devapps: []\nversion: 1\n')[0]).to.contain('use one of devapps, chains')
  })

  it('refuses an id or a ClientKey that two DevApps have', () => {
    expect(said(devApp(), devApp())).to.have.members([
      'devapps[1].id: another DevApp has it already; give each DevApp its own',
      'devapps[1].client_key: another DevApp has it already; give each DevApp its own',
    ])
  })

  it('refuses ids that are missing, numbers, or hold other characters', () => {
    const cure = 'write up to 128 letters, digits, dots, _ and -, a letter or digit first; put a number in quotes'
    for (const [id, got] of [
      [undefined, ''],
      [7, '7'],
      ['a b', '"a b"'],
      ['-a', '"-a"'],
      ['ä', '"ä"'],
    ] as const)
      expect(said(devApp({ id }))).to.deep.equal([
        id === undefined
          ? `devapps[0].id: it is missing: expected an identifier; ${cure}`
          : `devapps[0].id: expected an identifier, got ${got}; ${cure}`,
      ])
    expect(said(devApp({ id: 'a'.repeat(129) }))).to.have.lengthOf(1)
  })

  it('refuses a time that is not UTC or not one', () => {
    for (const not_after of [
      '2026-12-31',
      '2026-12-31T23:00:00',
      '2026-12-31T23:00:00+01:00',
      '2026-13-01T00:00:00Z',
      7,
    ])
      expect(said(devApp({ client_secrets: [{ hash, not_after }] }))[0]).to.match(
        /^devapps\[0\]\.client_secrets\[0\]\.not_after: expected a time, got /,
      )
  })

  it('takes nothing from the environment', () => {
    expect(said(devApp({ name: `\${HOME}` }))).to.deep.equal([
      `devapps[0].name: this file takes nothing from the environment; write what is meant, or $\${ for the characters \${`,
    ])
  })

  it('repeats no secret that was written in the place of a hash or of anything else', () => {
    const secret = 'hunter2hunter2'
    const wrong = [
      devApp({ client_secrets: [{ hash: secret }] }),
      devApp({ client_secrets: [{ hash: `$hmac-sha256$${secret}` }] }),
      devApp({ client_secrets: [secret] }),
      devApp({ client_secrets: [[secret]] }),
      devApp({ client_secrets: { hash: secret } }),
      devApp({ client_secrets: [{ secret, hash }] }),
      devApp({ client_key: `acme-key:${secret}` }),
      devApp({ certificates: [secret] }),
      `acme-key:${secret}`,
    ]
    for (const devapp of wrong) expect(said(devapp).join('\n'), JSON.stringify(devapp)).to.not.contain(secret)
    for (const line of [
      `[{ hash:${secret} }]`,
      `[{ hash: "${secret}`,
      `[{ hash: "a" ${secret} }]`,
      `*${secret}`,
      `{ ${secret}: x`,
    ])
      expect(
        saidOf(`devapps: [{ id: a, name: a, client_key: a, client_secrets: ${line} }]`).join('\n'),
        line,
      ).to.not.contain(secret)
    expect(said(devApp({ client_secrets: [{ hash: 12345678 }] })).join('\n')).to.not.contain('12345678')
  })

  it('gives DevApps or a DocumentError with problems, whatever stands in the file', () => {
    const key = fc.oneof(
      fc.constantFrom(
        'devapps',
        'id',
        'name',
        'client_key',
        'client_secrets',
        'hash',
        'not_after',
        'certificates',
        'chain',
      ),
      fc.constantFrom('__proto__', 'toString', 'length', 'constructor', '<<'),
    )
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom(hash, chain, leaf.pem, '2026-12-31T23:00:00Z', 'acme', '*a', `\${A}`),
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null), tie('list'), tie('section')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      section: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    }))
    const devapps = fc.array(
      fc.record({ id: value, name: value, client_key: value, client_secrets: value, certificates: value }),
    )
    const file = fc.oneof(value, fc.record({ devapps }), fc.record({ devapps: value }))
    fc.assert(
      fc.property(
        fc.oneof(
          file.map((each) => stringify(each)),
          fc.string(),
        ),
        (yaml) => {
          try {
            expect(parseDevApps(yaml, 'devapps.yaml')).to.be.an('array')
          } catch (error) {
            expect(error, yaml).to.be.instanceOf(DocumentError)
            expect((error as DocumentError).problems, yaml).to.not.have.lengthOf(0)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  describe('examples/devapps.yaml', () => {
    const example = readFileSync(fileURLToPath(new URL('../../../../examples/devapps.yaml', import.meta.url)), 'utf8')

    it('is one', () => {
      expect(parseDevApps(example, 'devapps.yaml').map(({ id, status }) => [id, status])).to.deep.equal([
        ['acme-reporting', 'enabled'],
        ['beta-checkout', 'enabled'],
        ['beta-checkout-staging', 'disabled'],
      ])
    })

    it('is one with a chain in the place that its comments keep', () => {
      const lines = example.split('\n')
      const first = lines.findIndex((line) => line.includes('# certificates:'))
      const [certificates = '', key = '', placeholder = ''] = lines
        .slice(first, first + 4)
        .map((line) => line.replace('# ', ''))
      const indent = placeholder.slice(0, placeholder.search(/\S/))
      const block = chain.trimEnd().replaceAll(/^/gm, indent)
      lines.splice(first, 4, certificates, key, block)
      expect(parseDevApps(lines.join('\n'), 'devapps.yaml')[0]?.certificates).to.have.lengthOf(1)
    })
  })
})
