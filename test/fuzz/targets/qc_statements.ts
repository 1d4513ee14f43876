import { psd2Roles } from '../../../src/domain/certificate.ts'
import { qcStatementsFromDer } from '../../../src/pki/qc_statements.ts'
import { der } from '../../support/pki.ts'
import { changedDer } from '../mutators/der.ts'
import { chosen } from '../mutators/edit.ts'
import { broken, type Target } from '../target.ts'

const roleOids = psd2Roles.map((_, i) => der.oid(`0.4.0.19495.1.${i + 1}`))
const role = (i: number): Buffer => der.sequence(roleOids[i] ?? Buffer.of(), der.utf8(psd2Roles[i] ?? ''))
const psd2Id = der.oid('0.4.0.19495.2')
const compliance = der.sequence(der.oid('0.4.0.1862.1.1'))
const web = der.oid('0.4.0.1862.1.6.3')
const nca = [der.utf8('Finanssivalvonta'), der.utf8('FI-FINFSA')]
const seeds = [
  der.sequence(
    compliance,
    der.sequence(der.oid('0.4.0.1862.1.6'), der.sequence(web)),
    der.sequence(psd2Id, der.sequence(der.sequence(role(0), role(1), role(2), role(3)), ...nca)),
  ),
  // As they are seen: roles flattened, the statement bare, other statements around it.
  der.sequence(der.sequence(psd2Id, der.sequence(role(1), ...nca))),
  der.sequence(psd2Id, der.sequence(der.sequence(role(2)), ...nca)),
  der.sequence(
    der.sequence(psd2Id, der.sequence(role(3)), ...nca),
    der.sequence(der.oid('0.4.0.1862.1.7'), der.sequence(der.printable('GB'))),
    der.sequence(der.oid('0.4.0.1862.1.5'), der.sequence(der.sequence(der.ia5('https://x/'), der.printable('en')))),
  ),
]

/** The extension qcStatements: what grants PSD2 roles. */
export const qcStatements: Target = {
  name: 'qc_statements',
  seeds,
  mutant: ({ seed, edits }) => changedDer(chosen(seeds, seed), edits),
  examine: (input) => {
    const { qcCompliance, qcTypes, psd2, warnings } = qcStatementsFromDer(input, 'PSDFI-FINFSA-2858394-9')
    const bytes = Buffer.from(input)
    if (warnings.some((warning) => /\p{Cc}/u.test(warning))) broken('a warning with control characters')
    // Nothing is granted whose OID does not stand there.
    for (const granted of psd2?.roles ?? [])
      if (!bytes.includes(roleOids[psd2Roles.indexOf(granted)] ?? Buffer.of())) broken(`${granted} out of nothing`)
    if (psd2 !== undefined && !bytes.includes(psd2Id)) broken('a PSD2 statement out of nothing')
    if (qcTypes.includes('web') && !bytes.includes(web)) broken('of type web out of nothing')
    if (qcCompliance && !bytes.includes(compliance.subarray(2))) broken('compliant out of nothing')
    if (/\p{Cc}/u.test(`${psd2?.ncaId}${psd2?.ncaName}`)) broken('an NCA with control characters')
    return psd2 !== undefined && psd2.roles.length > 0 ? 'good' : 'grants nothing'
  },
}
