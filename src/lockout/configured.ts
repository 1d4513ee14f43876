import type { Config } from '../config/config.ts'
import type { LockoutLimits } from './lockouts.ts'

/** The limits that the configuration's `basic.lockout` means. */
export function lockoutLimits(lockout: Config['lockout']): LockoutLimits {
  if (!lockout.enabled) return undefined
  const lasting = { windowMs: lockout.window, lockMs: lockout.lock, maxLockMs: lockout.max_lock }
  return {
    client_key: { attempts: lockout.attempts, ...lasting },
    address: { attempts: lockout.address_attempts, ...lasting },
    distributed: { attempts: lockout.distributed_attempts, ...lasting },
  }
}
