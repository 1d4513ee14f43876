import { deny } from '../decision.ts'
import type { Check } from './check.ts'

export const devAppEnabled: Check = ({ identity: { selection } }) =>
  selection.status === 'selected' && selection.devApp.status !== 'enabled' ? deny('devapp_disabled') : undefined
