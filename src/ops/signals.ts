import type { Logger } from './log.ts'

/**
 * Runs `stop` once on SIGTERM or SIGINT, or when who supervises this process lets go of it or is gone, and then lets the process end.
 * A second signal ends it at once.
 */
export function onShutdown(log: Logger, stop: () => Promise<void>): void {
  let stopping = false
  const shutDown = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping')
    stop().then(
      () => log.info('stopped'),
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed')
        process.exitCode = 1
      },
    )
  }
  process.on('SIGTERM', shutDown)
  process.on('SIGINT', shutDown)
  const letGo = (): void => {
    if (!stopping) shutDown('SIGTERM')
  }
  process.once('disconnect', letGo)
  // It may have been so before anybody listened.
  if (process.connected === false) letGo()
}

/** Runs `reload` on every SIGHUP, which otherwise ends a process. */
export function onHangUp(reload: () => void): void {
  process.on('SIGHUP', reload)
}
