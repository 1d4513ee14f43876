import { lstat, rm } from 'node:fs/promises'
import { connect } from 'node:net'

/** Owner and group, nobody else. */
export const socketMode = 0o660

/**
 * Makes room for a listener: removes the socket file of a process that is gone. Throws where one listens on it, where that
 * cannot be told, and where the file is no socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (found === undefined) return
  if (!found.isSocket()) throw new Error(`${path} is in the way: it is no socket, and is left alone`)
  const refusal = await new Promise<string | undefined>((resolve) => {
    const probe = connect(path)
    probe.once('connect', () => {
      probe.destroy()
      resolve(undefined)
    })
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
  if (refusal === undefined) throw new Error(`${path} is in use: another process listens on it`)
  if (refusal !== 'ECONNREFUSED' && refusal !== 'ENOENT') throw new Error(`${path} cannot be taken over: ${refusal}`)
  await rm(path, { force: true })
}
