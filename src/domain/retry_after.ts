/** When to try again, as a caller reads it and in whole seconds for `Retry-After` (RFC 9110 10.2.3); never at once. */
export function afterMs(ms: number): { readonly retryAfter: string; readonly retryAfterSeconds: number } {
  const retryAfterSeconds = Math.max(1, Math.ceil(ms / 1_000))
  return { retryAfter: `${retryAfterSeconds} ${retryAfterSeconds === 1 ? 'second' : 'seconds'}`, retryAfterSeconds }
}
