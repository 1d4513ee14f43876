import { answerOf, changeOptions, changeUsage, existing, makeChange, plainText } from './devapp_change.ts'
import { devAppCommand } from './devapp_command.ts'
import { strangeProducts } from './products.ts'

const usage = `Selects API products for a DevApp, or takes them away. An API whose policy names a product that the DevApp has not selected
answers product_not_selected.

Usage: devapp-authz devapp select-product ID PRODUCT... --config FILE [--remove] [--by NAME] [--json]

  --remove        take them away
${changeUsage}
Warns of a product that no policy of the configuration names.

Exit code: 0 done, also where it was so before; 1 refused, nothing was changed; 2 wrong usage.
`

const options = { ...changeOptions, remove: { type: 'boolean' } } as const

/** `devapp-authz devapp select-product`. */
export const devAppSelectProduct = devAppCommand(
  { name: 'devapp select-product', usage, options, operands: ['ID', 'PRODUCT...'] },
  async (called) => {
    const { operands, values, config } = called
    const [id, ...given] = operands
    const products = new Set(given.map((product) => plainText('PRODUCT', product)))
    const remove = values.remove === true
    const changed = await makeChange(called, {
      ...{ id, action: 'select_product', detail: { [remove ? 'removed' : 'added']: [...products].join(', ') } },
      edit: existing(id, (current) => {
        const selected = remove ? without(current.products, products) : new Set([...current.products, ...products])
        return selected.size === current.products.size ? current : { ...current, products: selected }
      }),
    })
    const now = [...(changed.devApp?.products ?? [])].join(', ') || 'no product'
    return answerOf(called, changed, {
      text: changed.changed ? `${id} has now selected ${now}\n` : `nothing to do: ${id} had selected ${now}\n`,
      warnings: remove ? [] : strangeProducts(products, config.policies),
    })
  },
)

/** Node 20 has no difference of sets. */
function without(all: ReadonlySet<string>, some: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...all].filter((each) => !some.has(each)))
}
