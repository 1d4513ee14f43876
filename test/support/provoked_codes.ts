import type { AccessLogLine } from './envoy.ts'

const provoked = new Set<string>()

/** Keeps the codes in the access log of an Envoy before the real service, for the test that asks whether all were provoked. */
export function keepCodes(lines: readonly AccessLogLine[]): void {
  for (const { code } of lines) if (typeof code === 'string') provoked.add(code)
}

/** Those of the gateways that were stopped in this run, `allow` among them. */
export const provokedCodes = (): readonly string[] => [...provoked].sort()
