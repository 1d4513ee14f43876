import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/**
 * Gives back the memory that reading a large registry took, and keeps it from growing again: what is in use is moved together
 * once, which may take some tenths of a second, and from now on garbage is collected when it is a tenth of what is in use. By default
 * it may become as much again, which suits a program that allocates in bursts; here a registry lies still as long as the process lives.
 */
export function settleMemory(): void {
  setFlagsFromString('--heap-growing-percent=10')
  setFlagsFromString('--expose-gc')
  setFlagsFromString('--compact-on-every-full-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  setFlagsFromString('--no-compact-on-every-full-gc')
  setFlagsFromString('--no-expose-gc')
}
