import { stringify } from 'yaml'
import { DocumentError } from '../../../../src/config/problem.ts'
import { parseDevApps } from '../../../../src/registry/file/devapps_file.ts'
import { hashGeneratedSecret } from '../../../../src/registry/secrets.ts'
import { Authority } from '../../../support/pki.ts'

export const root = Authority.root()
export const issuing = root.issueAuthority()
export const leaf = issuing.issue({ commonName: 'acme' })
export const chain = leaf.pem + issuing.chainPem
export const hash = hashGeneratedSecret('a secret that a machine made')

/** A DevApp as it is written. */
export const devApp = (changes: object = {}): Record<string, unknown> => ({
  ...{ id: 'acme', name: 'Acme', client_key: 'acme-key' },
  ...changes,
})
export const parse = (...devapps: unknown[]) => parseDevApps(stringify({ devapps }), 'devapps.yaml')

/** Every problem of a registry file: line, path, message and cure. */
export function saidOf(yaml: string): readonly string[] {
  try {
    parseDevApps(yaml, 'devapps.yaml')
  } catch (error) {
    if (error instanceof DocumentError) return error.message.split('\n')
    throw error
  }
  throw new Error('the registry was accepted')
}
/** The same without the file's name and the line. */
export const said = (...devapps: unknown[]) =>
  saidOf(stringify({ devapps })).map((problem) => problem.replace(/^devapps\.yaml:\d+: /, ''))
