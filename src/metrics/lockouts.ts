import type { Lock } from '../lockout/attempt_store.ts'
import { subjectKinds } from '../lockout/subject.ts'
import type { Clock } from '../ports.ts'
import type { Metrics } from './metrics.ts'

/** Shows at each scrape how many locks of Basic are in force. */
export function measureLockouts(
  metrics: Metrics,
  { lockouts, clock }: { readonly lockouts: { locks(at: Date): readonly Lock[] }; readonly clock: Clock },
): void {
  metrics.onScrape(() => {
    const locks = lockouts.locks(clock())
    for (const by of subjectKinds)
      metrics.set('basic_locked', { by }, locks.filter(({ subject }) => subject.kind === by).length)
  })
}
