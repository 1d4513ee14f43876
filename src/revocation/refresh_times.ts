import type { OcspAnswer } from '../pki/ocsp_verification.ts'
import type { Random } from './retention.ts'

/** When answers are asked for again, ahead of their end. */
export interface RefreshTimes {
  /** The part of an answer's validity after which it is refreshed, 0 to 1. */
  readonly at: number
  /** Up to this part of the time until then is taken off, so that processes and certificates do not act in step. */
  readonly jitter: number
  /** The pause after a first failure. It doubles with each one, up to the longest. */
  readonly retryMs: number
  readonly maxRetryMs: number
}

/**
 * When an answer is to be refreshed that may be used until `untilMs`: at a part of its validity (thisUpdate until then);
 * where that has passed, at the same part of what is left, since the responder may repeat itself for a while.
 */
export function refreshAt(
  { thisUpdate }: Pick<OcspAnswer, 'thisUpdate'>,
  untilMs: number,
  nowMs: number,
  times: RefreshTimes,
  random: Random,
): number {
  const partFrom = (startMs: number): number => startMs + times.at * (untilMs - startMs)
  const planned = partFrom(thisUpdate.getTime())
  const aheadMs = (planned > nowMs ? planned : partFrom(nowMs)) - nowMs
  return nowMs + Math.max(aheadMs * (1 - times.jitter * random()), shortestPauseMs(times))
}

/** When to try again after `failures` in a row; more often where an answer that is still used (until `untilMs`) ends soon. */
export function retryAt(
  failures: number,
  untilMs: number | undefined,
  nowMs: number,
  times: RefreshTimes,
  random: Random,
): number {
  const backoffMs = Math.min(times.retryMs * 2 ** Math.min(failures - 1, 30), times.maxRetryMs)
  const leftMs = untilMs === undefined || untilMs <= nowMs ? Number.POSITIVE_INFINITY : untilMs - nowMs
  const pauseMs = Math.min(backoffMs, Math.max(times.retryMs, leftMs / 4))
  return nowMs + pauseMs * (1 - random() / 2)
}

/** A responder whose answers end almost at once is not asked without pause. */
const shortestPauseMs = ({ retryMs }: RefreshTimes): number => Math.min(retryMs, 1_000)
