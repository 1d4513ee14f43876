import { lockoutSchema } from './basic_schema.ts'
import { valueAt } from './document.ts'
import { isAtMost, type Rule, readable, unless } from './rule.ts'

/** What holds within `basic`. */
export const basicRules: readonly Rule[] = [
  {
    says: '`basic.lockout.max_lock` is not below `basic.lockout.lock`.',
    broken: (file) => {
      const { lock, max_lock } = readable(lockoutSchema, valueAt(file, ['basic', 'lockout']))
      return unless(isAtMost(lock, max_lock), ['basic', 'lockout', 'max_lock'], {
        message: 'the longest time is shorter than the first',
        cure: 'make it at least as long as basic.lockout.lock',
      })
    },
  },
]
