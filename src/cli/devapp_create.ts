import type { DevApp } from '../domain/devapp.ts'
import { generateClientKey } from '../registry/client_key.ts'
import { devAppRules } from '../registry/devapp_rules.ts'
import { generateSecret, hashGeneratedSecret } from '../registry/secrets.ts'
import { columns } from './columns.ts'
import { answerOf, changeOptions, changeUsage, makeChange, plainText, written } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'
import { environmentIn, labelsIn } from './devapp_values.ts'
import { strangeProducts } from './products.ts'
import { UsageError } from './service_command.ts'
import { shownOnce } from './shown_once.ts'

const usage = `Registers a DevApp, enabled, and prints its ClientKey and its ClientSecret, which is shown this once.

Usage: devapp-authz devapp create ID --name NAME --config FILE [OPTIONS]

  ID              its word in the log and to the upstream, for good: ${devAppRules.id.cure.replace('write ', '')}
  --name NAME     for people
  --environment E production or staging (default: production); for people
  --product P     an API product that it selects; may be repeated
  --client-key K  its ClientKey (default: 26 random letters and digits)
  --label N=V     a word of your own; may be repeated
  --no-secret     without a ClientSecret: devapp rotate-secret makes one later
${changeUsage}
Exit code: 0 registered; 1 refused, nothing was changed; 2 wrong usage.
`

const options = {
  ...changeOptions,
  name: { type: 'string' },
  environment: { type: 'string' },
  product: { type: 'string', multiple: true },
  'client-key': { type: 'string' },
  label: { type: 'string', multiple: true },
  'no-secret': { type: 'boolean' },
} as const

/** `devapp-authz devapp create`. */
export const devAppCreate = devAppCommand(
  { name: 'devapp create', usage, options, operands: ['ID'] },
  async (called) => {
    const { values, operands, config } = called
    if (values.name === undefined) throw new UsageError('--name NAME is missing')
    const clientSecret = values['no-secret'] === true ? undefined : generateSecret()
    const devApp: DevApp = {
      id: written('ID', operands[0], devAppRules.id),
      name: plainText('--name', values.name),
      environment: environmentIn(values.environment) ?? 'production',
      status: 'enabled',
      clientKey: written('--client-key', values['client-key'] ?? generateClientKey(), devAppRules.clientKey),
      clientSecrets:
        clientSecret === undefined ? [] : [{ hash: hashGeneratedSecret(clientSecret), notAfter: undefined }],
      products: new Set((values.product ?? []).map((product) => plainText('--product', product))),
      certificates: [],
      publicKeys: [],
      labels: labelsIn(values.label),
    }
    const changed = await makeChange(called, {
      ...{ id: devApp.id, action: 'create', detail: detailOf(devApp) },
      edit: (current) => {
        if (current !== undefined) throw new Error(`there is a DevApp ${devApp.id} already`)
        return devApp
      },
    })
    return answerOf(called, changed, {
      text: textOf(devApp, clientSecret),
      warnings: strangeProducts(devApp.products, config.policies),
      more: clientSecret === undefined ? {} : { clientSecret },
    })
  },
)

function detailOf({ name, environment, clientKey, products }: DevApp): Record<string, string> {
  return { name, environment, client_key: clientKey, products: [...products].join(', ') }
}

function textOf({ id, clientKey }: DevApp, clientSecret: string | undefined): string {
  const credentials = [
    ['ClientKey', clientKey],
    ...(clientSecret === undefined ? [] : [['ClientSecret', clientSecret]]),
  ]
  return `created ${id}\n\n${columns(credentials)}${clientSecret === undefined ? '' : `\n${shownOnce}`}`
}
