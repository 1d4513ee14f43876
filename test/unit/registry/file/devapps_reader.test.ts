import { expect } from 'chai'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { DocumentError } from '../../../../src/config/problem.ts'
import { parseDevApps } from '../../../../src/registry/file/devapps_file.ts'
import { DevAppsReader } from '../../../../src/registry/file/devapps_reader.ts'
import { bytesInMemory } from '../../../../src/registry/file/registry_bytes.ts'
import { contentOf } from '../../../support/devapp_store_contract.ts'
import { Authority, pemOf } from '../../../support/pki.ts'
import { chain, devApp, issuing, leaf } from './devapps_fixture.ts'

const bytesOf = (yaml: string) => bytesInMemory('devapps.yaml', Buffer.from(yaml))
const item = (id: string, more = ''): string => `  - id: ${id}\n    name: ${id}\n    client_key: ${id}-key\n${more}`
const indented = (pem: string, spaces: number): string => pem.replace(/^(?=.)/gm, ' '.repeat(spaces))
const chainsOf = (name: string, pem: string): string => `chains:\n  ${name}: |\n${indented(pem, 4)}`
const certificateOf = (pem: string, issuer: string): string =>
  `    certificates:\n      - leaf: |\n${indented(pem, 10)}        issuer: ${issuer}\n`

async function outcome(read: () => unknown): Promise<unknown> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof DocumentError) return error.message
    throw error
  }
}

describe('reading a registry file item by item', () => {
  it('gives what reading it as a whole gives, right or wrong', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        item('acme'),
        item('beta'),
        item('gamma', '    products: [data]\n'),
        item('delta', '    zone: 1\n'),
      ),
      fc.constantFrom('# a comment\n', '\n', '  # a comment\n', '    labels: { a: b }\n', '- id: x\n', '   - id: y\n'),
      fc.constantFrom(
        'other:\n',
        'devapps:\n',
        '---\n',
        '...\n',
        '    name: "not closed\n',
        '    x: &a b\n',
        '    y: *a\n',
        '\t\n',
      ),
      fc.constantFrom(chainsOf('a', issuing.chainPem), '%YAML 1.1\n', 'devapps: []\n', '  - {}\n', '  -\n    id: z\n'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 3 }), fc.array(piece, { maxLength: 6 }), async (head, items) => {
        const yaml = `${head.join('')}devapps:\n${items.join('')}`
        const whole = await outcome(() => parseDevApps(yaml, 'devapps.yaml').map(contentOf))
        const byItem = await outcome(async () => (await new DevAppsReader().read(bytesOf(yaml))).devApps.map(contentOf))
        expect(byItem, yaml).to.deep.equal(whole)
      }),
      { numRuns: 100 },
    )
  })

  it('reads both ways of writing a certificate, and has the CAs once', async () => {
    const full = stringify([devApp({ id: 'full', client_key: 'full', certificates: [{ chain }] })])
    const yaml = `${chainsOf('a', issuing.chainPem)}devapps:\n${item('acme', certificateOf(leaf.pem, 'a'))}${indented(full, 2)}`
    const { devApps } = await new DevAppsReader().read(bytesOf(yaml))
    const [acme, other] = devApps.map(({ certificates }) => certificates[0])
    expect(acme?.leaf.sha256).to.equal(other?.leaf.sha256)
    expect(acme?.chain).to.equal(other?.chain)
  })

  it('says what is wrong with a name of CAs, with the CAs, and with a leaf of another CA', async () => {
    const said = (yaml: string) => outcome(async () => (await new DevAppsReader().read(bytesOf(yaml))).devApps)
    const acme = `devapps:\n${item('acme', certificateOf(leaf.pem, 'a'))}`
    const at = 'devapps[0].certificates[0]'
    expect(await said(acme)).to.contain(`${at}.issuer: chains has no such name`)
    expect(await said(`${chainsOf('a', leaf.pem)}${acme}`))
      .to.contain('chains.a: CN=acme,O=Example Oy,C=FI is no root, and nothing follows it')
      .and.to.not.contain(at)
    expect(await said(`${chainsOf('a', Authority.root().chainPem)}${acme}`)).to.contain(
      `${at}.leaf: CN=acme,O=Example Oy,C=FI was not issued by CN=Example Root CA`,
    )
    expect(await said(`chains: [a]\n${acme}`)).to.contain('chains: expected chains by name')
  })

  it('gives the very same DevApps for items whose lines are as they were, wherever they stand', async () => {
    const reader = new DevAppsReader()
    const read = async (yaml: string) => (await reader.read(bytesOf(yaml))).devApps
    const [acme, beta] = await read(`devapps:\n${item('acme')}${item('beta')}`)
    const again = await read(`# moved\ndevapps:\n${item('beta')}${item('gamma')}${item('acme')}`)
    expect(again[0]).to.equal(beta)
    expect(again[2]).to.equal(acme)
    expect((await read(`devapps:\n${item('acme', '    status: disabled\n')}`))[0]).to.include({ status: 'disabled' })
  })

  it('reads DevApps anew whose CAs were changed under the same name, and no others', async () => {
    const reader = new DevAppsReader()
    const read = async (yaml: string) => (await reader.read(bytesOf(yaml))).devApps
    const items = `devapps:\n${item('acme', certificateOf(leaf.pem, 'a'))}${item('beta')}`
    const before = await read(`${chainsOf('a', issuing.chainPem)}${items}`)
    const after = await read(
      `${chainsOf('b', Authority.root().chainPem)}${chainsOf('a', issuing.chainPem).slice(8)}${items}`,
    )
    expect(after[0]).to.equal(before[0])
    const failure = await outcome(() => read(`${chainsOf('a', Authority.root().chainPem)}${items}`))
    expect(failure).to.contain('was not issued by')
    expect((await read(`${chainsOf('a', issuing.chainPem)}${items}`))[1]).to.equal(before[1])
  })

  it('gives the very same DevApps but for the one that was changed, added or removed among a thousand', async () => {
    const reader = new DevAppsReader()
    const items = Array.from({ length: 1_000 }, (_, i) => item(`tpp-${i}`))
    const read = async (all: readonly string[]) => (await reader.read(bytesOf(`devapps:\n${all.join('')}`))).devApps
    const before = await read(items)
    expect(before.map(({ id }) => id)).to.deep.equal(items.map((_, i) => `tpp-${i}`))

    const changed = items.with(500, item('tpp-500', '    status: disabled\n'))
    const after = await read(changed)
    expect(after.filter((devApp) => !before.includes(devApp)).map(({ id }) => id)).to.deep.equal(['tpp-500'])
    const others = await read([item('first'), ...changed.slice(0, 300), item('among'), ...changed.slice(301)])
    expect(others.filter((devApp) => !after.includes(devApp)).map(({ id }) => id)).to.deep.equal(['first', 'among'])
    expect(others.slice(1, 301)).to.deep.equal(after.slice(0, 300))
    expect(others.slice(302)).to.deep.equal(after.slice(301))
    expect((await read(items)).find(({ id }) => id === 'tpp-500')).to.include({ status: 'enabled' })
  })

  it('says where the problems are in a file that is too large to be read as a whole', async () => {
    const comment = `# ${'x'.repeat(98)}\n`.repeat(45_000)
    const right = Array.from({ length: 100 }, (_, i) => item(`tpp-${i}`))
    const yaml = `${comment}devapps:\n${[...right, item('acme', '    namr: 1\n'), item('beta'), item('tpp-7')].join('')}`
    expect(await outcome(() => new DevAppsReader().read(bytesOf(yaml)))).to.equal(
      [
        'devapps.yaml:45305: devapps[100].namr: there is no such key; remove it, or write name',
        'devapps.yaml:45309: devapps[102].id: another DevApp has it already; give each DevApp its own',
        'devapps.yaml:45309: devapps[102].client_key: another DevApp has it already; give each DevApp its own',
      ].join('\n'),
    )
  })

  it('says of a leaf that cannot be read that it cannot', async () => {
    const bytes = Buffer.from(leaf.der)
    // The version (RFC 5280 4.1.2.1): what tells certificates apart comes after it.
    bytes[bytes.indexOf('a003020102', 0, 'hex') + 4] = 9
    const foreign = Authority.root().issueAuthority()
    const yaml = `${chainsOf('a', foreign.chainPem)}devapps:\n${item('acme', certificateOf(pemOf(bytes), 'a'))}`
    expect(await outcome(() => new DevAppsReader().read(bytesOf(yaml)))).to.contain(
      'devapps[0].certificates[0].leaf: not a readable X.509 certificate',
    )
  })
})
