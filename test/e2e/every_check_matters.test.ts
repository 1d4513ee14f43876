import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import type { Gateway } from '../../demo/gateway.ts'
import { type Row, sections } from '../../demo/rows.ts'
import { runRow } from '../../demo/run_rows.ts'
import { alteredBuild } from '../support/altered_build.ts'
import { startDemoGateway } from '../support/demo_gateway.ts'
import { temporaryFolder } from '../support/temporary_folder.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Each exported check, and the codes whose rows have to turn red without it. */
const codesByCheck: Readonly<Record<string, readonly string[]>> = {
  channel: ['wrong_hostname'],
  certificatePresented: ['cert_missing', 'cert_malformed'],
  certificateValidity: ['cert_expired', 'cert_not_yet_valid'],
  certificatePurpose: ['cert_purpose'],
  certificateRegistered: ['cert_not_registered', 'cert_issuer_mismatch', 'cert_differs'],
  notRevoked: ['cert_revoked', 'cert_on_hold', 'cert_status_unknown', 'revocation_no_source'],
  basic: ['basic_invalid', 'basic_malformed', 'basic_missing'],
  devAppSelected: ['devapp_ambiguous', 'devapp_mismatch'],
  devAppEnabled: ['devapp_disabled'],
  productSelected: ['product_not_selected'],
  qwac: ['qwac_required', 'qtsp_not_trusted'],
  psd2Roles: ['psd2_role_missing'],
  psd2Authorised: ['psd2_authorisation_withdrawn'],
  signed: [
    ...['signature_missing', 'signature_malformed', 'signature_incomplete', 'signature_invalid', 'signature_expired'],
  ],
}

/** Rows that change nothing for the others, so that they can be asked again and again. */
const rows = sections.flatMap(({ rows }) => rows).filter(({ before, reaches }) => !before && reaches === undefined)
const codeIn = ({ expects }: Row): string => expects.split(' ')[1] ?? ''

/** Where each check is defined. */
const checksFolder = join(root, 'src', 'domain', 'checks')
const definitions = readdirSync(checksFolder).flatMap((file) =>
  [
    ...readFileSync(join(checksFolder, file), 'utf8').matchAll(
      /^export (?:const (\w+): Check =|function (channel)\()/gm,
    ),
  ].map(([, constant, named]) => ({ check: constant ?? named ?? '', file })),
)

/** The built service, with one check that always passes. */
function buildWithout(check: string, folder: string): string {
  const file = definitions.find((definition) => definition.check === check)?.file ?? 'none'
  return alteredBuild(folder, join('domain', 'checks', file.replace(/ts$/, 'js')), (code) =>
    code
      .replace(`export const ${check} =`, `export const ${check} = () => undefined; const unused =`)
      .replace(`export function ${check}(`, `export function ${check}() {}\nfunction unused(`),
  )
}

describe('every check matters', function () {
  this.timeout(60_000)
  let gateway: Gateway

  before(async () => {
    gateway = await startDemoGateway()
  })
  after(() => gateway.stop())

  it('names every check that there is', () => {
    expect(Object.keys(codesByCheck).sort()).to.deep.equal(definitions.map(({ check }) => check).sort())
  })

  for (const [check, codes] of Object.entries(codesByCheck)) {
    it(`a service without ${check} turns the rows of ${codes.join(', ')} red`, async () => {
      const folder = temporaryFolder('mutant')
      await gateway.stopService()
      await gateway.startService({ main: buildWithout(check, folder.path) })
      try {
        const guarded = rows.filter((row) => codes.includes(codeIn(row)))
        const red: string[] = []
        for (const row of guarded) if ((await runRow(gateway, row)).wrong !== undefined) red.push(codeIn(row))
        expect(new Set(red)).to.deep.equal(new Set(codes))
      } finally {
        await gateway.stopService()
        folder.remove()
      }
    })
  }
})
