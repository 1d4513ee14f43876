import { stringify } from 'yaml'
import { type Config, examineConfig, loadConfig } from '../../../src/config/config.ts'
import type { Environment } from '../../../src/config/interpolation.ts'
import type { Problem } from '../../../src/config/problem.ts'

/** A configuration without problems, as the value of its YAML: a test may change any part of it. */
export function validFile(): Record<string, unknown> {
  return {
    hostnames: { mtls: ['api.example.com'], tls: ['api2.example.com'] },
    policies: {
      data: { channel: 'mtls', require: ['certificate'] },
      merchant: { channel: 'tls', require: ['basic'] },
    },
    registry: { file: 'devapps.yaml' },
  }
}

/** The same with one policy more, called `tested`. */
export function withPolicy(policy: unknown): Record<string, unknown> {
  const file = validFile()
  return { ...file, policies: { ...(file['policies'] as object), tested: policy } }
}

export function load(file: unknown, environment: Environment = {}): Config {
  return loadConfig({ text: textOf(file), name: 'authz.yaml', folder: '/etc/devapp-authz', environment })
}

/** Every problem, and none where the configuration can be used. */
export function problemsOf(file: unknown, environment: Environment = {}): readonly Problem[] {
  return examineConfig({ text: textOf(file), name: 'authz.yaml', folder: '/etc/devapp-authz', environment }).problems
}

/** Path, message and cure of every problem, one line each. */
export function saidOf(file: unknown, environment: Environment = {}): readonly string[] {
  return problemsOf(file, environment).map(({ path, message, cure }) => `${path}: ${message}; ${cure}`)
}

function textOf(file: unknown): string {
  return typeof file === 'string' ? file : stringify(file)
}
