// Finds, or installs where that is possible, the real servers that the tests run; says what is missing otherwise.

import { findChromium } from './chromium.ts'
import { findEnvoy } from './envoy.ts'
import { findOpenssl } from './openssl_responder.ts'
import { findPostgres } from './postgres.ts'
import { findPrometheus } from './prometheus.ts'
import { findRedis } from './redis.ts'

const progress = (sentence: string): void => void process.stderr.write(`${sentence}\n`)

try {
  for (const find of [findOpenssl, findRedis, findPostgres, findEnvoy, findPrometheus, findChromium])
    await find(progress)
} catch (error) {
  progress(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}
