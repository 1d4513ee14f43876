import { type AnswerSource, runningService } from './answer_source.ts'
import { configurationIn } from './configuration_file.ts'
import { serviceFrom, UsageError } from './service_command.ts'

/** What the subcommands take, besides, that can do without a running service. */
export const sourceOptions = { redis: { type: 'boolean', default: false } } as const

export const sourceUsage = `  --redis           no running service is asked, but the Redis and the registry that the
                    configuration names: needs --config
`

export interface SourceArguments {
  readonly redis: boolean
  readonly config?: string | undefined
  readonly admin?: string | undefined
}

/** The source that the arguments name, open. Throws a UsageError where they name two, and an Error where it cannot be opened. */
export async function sourceFrom(values: SourceArguments): Promise<AnswerSource> {
  if (!values.redis) return runningService(serviceFrom(values))
  if (values.admin !== undefined) throw new UsageError('--redis or --admin, not both')
  if (values.config === undefined) throw new UsageError('--redis needs --config FILE')
  const { redisAlone } = await import('./redis_alone.ts')
  return redisAlone(configurationIn(values.config), () => new Date())
}
