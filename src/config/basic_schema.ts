import { count, duration, keys, yesOrNo } from './values.ts'

export const lockoutSchema = keys({
  enabled: yesOrNo.default(true).meta({ description: 'Whether who presents wrong secrets is locked out for a while.' }),
  attempts: count(1, 1_000_000).prefault(10).meta({
    description:
      'So many wrong secrets for one ClientKey from one address, within `window`, lock that ClientKey at that address. An IPv6 address is its /64.',
  }),
  address_attempts: count(1, 1_000_000).prefault(50).meta({
    description:
      'So many from one address, for whichever ClientKeys, lock that address. ClientKeys that came from it with the right secret in the last 24 hours are not concerned.',
  }),
  distributed_attempts: count(1, 1_000_000).prefault(100).meta({
    description:
      'So many for one ClientKey, from whichever addresses, leave each address a single attempt for a while; those that had the right secret in the last 24 hours are not concerned.',
  }),
  window: duration(100).prefault('10m').meta({ description: 'The time in which failures are counted together.' }),
  lock: duration(100).prefault('1m').meta({
    description: 'How long the first lock lasts. It doubles with each one that follows.',
  }),
  max_lock: duration(100).prefault('1h').meta({
    description: 'The longest that it grows to. After this time without a lock, the next one is a first again.',
  }),
})

export const basicSchema = keys({
  lockout: lockoutSchema.prefault({}).meta({
    description:
      'What slows down guessing. Failures are counted by all processes that share the Redis of `ocsp.cache.redis`, else by each.',
  }),
})
