import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net'

/** Hands bytes on between a client and a server on this machine, late or not at all, as a test needs it. */
export class Middleman {
  /** Where new connections lead to: the first that takes them. */
  targets: readonly NetConnectOpts[]
  /** How late bytes arrive, either way. */
  delayMs = 0
  /** How many connections were taken. */
  connections = 0
  #isCut = false
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, targets: readonly NetConnectOpts[]) {
    this.#server = server
    this.targets = targets
    server.on('connection', (client) => void this.#serve(client))
  }

  static async start(...targets: readonly NetConnectOpts[]): Promise<Middleman> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Middleman(server, targets)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Ends what is open, and takes nothing more. */
  cut(): void {
    this.#isCut = true
    this.sever()
  }

  /** Ends what is open. */
  sever(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#isCut = false
  }

  async stop(): Promise<void> {
    this.cut()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #serve(client: Socket): Promise<void> {
    client.on('error', () => client.destroy())
    if (this.#isCut) return void client.destroy()
    this.connections += 1
    const server = await this.#reached()
    if (server === undefined || this.#isCut || client.destroyed) {
      server?.destroy()
      client.destroy()
      return
    }
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('data', (bytes) => {
        if (this.delayMs === 0) to.write(bytes)
        else setTimeout(() => to.write(bytes), this.delayMs)
      })
      from.on('error', () => from.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }

  async #reached(): Promise<Socket | undefined> {
    for (const target of this.targets) {
      const socket = connect(target)
      try {
        await once(socket, 'connect')
        return socket
      } catch {
        socket.destroy()
      }
    }
    return undefined
  }
}
