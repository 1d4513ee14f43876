import type { Config } from '../config/config.ts'
import { addressText, type ListenAddress, parseLocalAddress } from '../listen_address.ts'

/** By what a process knows which worker it is; the supervisor sets it. */
export const workerVariable = 'DEVAPP_AUTHZ_WORKER'

/** Which worker this process is, from 0; `undefined` for one that is no worker. */
export function workerIn(environment: Readonly<Record<string, string | undefined>>): number | undefined {
  const named = environment[workerVariable]
  return named !== undefined && /^\d{1,3}$/.test(named) ? Number(named) : undefined
}

export type Addresses = Pick<Config, 'listen' | 'adminAddress' | 'metricsAddress'> & {
  /** Of the console, where it has a port of its own. */
  readonly consolePort?: number | undefined
}

/**
 * Where a worker listens: `authz.sock` becomes `authz-0.sock`, `authz-1.sock` ... . Of ports the first worker has the configured one and
 * each other the next, and the administration port's own is the supervisor's: workers begin with the one after it.
 */
export function addressesOfWorker(
  { listen, adminAddress, metricsAddress, console }: Addresses & Partial<Pick<Config, 'console'>>,
  worker: number,
): Addresses {
  return {
    listen: textOf(listen, worker, worker),
    adminAddress: textOf(adminAddress, worker, worker + 1),
    metricsAddress: metricsAddress && apart(metricsAddress, worker, worker),
    ...(console && { consolePort: console.listen.port === 0 ? 0 : console.listen.port + worker }),
  }
}

function textOf(address: string, worker: number, portsOn: number): string {
  const parsed = parseLocalAddress(address)
  return parsed === undefined ? address : addressText(apart(parsed, worker, portsOn))
}

function apart(address: ListenAddress, worker: number, portsOn: number): ListenAddress {
  if (address.kind === 'unix') return { ...address, path: address.path.replace(/(\.[^./]+)?$/, `-${worker}$1`) }
  // Any free one stays any free one.
  return address.port === 0 ? address : { ...address, port: address.port + portsOn }
}
