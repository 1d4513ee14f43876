import { deny } from '../decision.ts'
import type { Check } from './check.ts'

/** The DevApp selected the API product that the policy belongs to. */
export const productSelected: Check = ({ identity: { selection }, policy: { product } }) =>
  product === undefined || (selection.status === 'selected' && selection.devApp.products.has(product))
    ? undefined
    : deny('product_not_selected', { product })
