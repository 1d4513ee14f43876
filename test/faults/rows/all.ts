import type { Row } from '../row.ts'
import { clockRows } from './clock.ts'
import { processRows } from './processes.ts'
import { redisRows } from './redis.ts'
import { postgresRows, registryRows } from './registry.ts'
import { resourceRows } from './resources.ts'
import { responderRows } from './responder.ts'

/** Those that share a lab one after the other. */
export const allRows: readonly Row[] = [
  ...processRows,
  ...redisRows,
  ...responderRows,
  ...registryRows,
  ...resourceRows,
  ...postgresRows,
  ...clockRows,
]
