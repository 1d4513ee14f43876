import { z } from 'zod'
import { AdminClient } from '../admin/admin_client.ts'
import { json, problem, type Route } from '../http/route.ts'

const timeoutMs = 1_000

/**
 * `/livez`: the supervisor answers. `/readyz`: every worker does and can decide; otherwise 503, with what is missing, by worker. The
 * addresses are those of their own administration ports.
 */
export function workerHealthRoutes(addresses: readonly string[]): readonly Route[] {
  return [
    { method: 'GET', path: '/livez', answer: () => json({ live: true }) },
    {
      method: 'GET',
      path: '/readyz',
      answer: async () => {
        const missing = (await Promise.all(addresses.map(missingAt))).flat()
        return missing.length === 0 ? json({ ready: true }) : problem(503, missing.join('; '))
      },
    },
  ]
}

async function missingAt(address: string, worker: number): Promise<string[]> {
  try {
    await new AdminClient(address, { timeoutMs }).ask(
      { method: 'GET', path: '/readyz' },
      z.object({ ready: z.literal(true) }),
    )
    return []
  } catch (error) {
    return [`worker ${worker}: ${error instanceof Error ? error.message : String(error)}`]
  }
}
