import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'

/** The bytes of a registry file, to be read from the beginning more than once. */
export interface RegistryBytes {
  /** What the file is called in problems. */
  readonly name: string
  readonly length: number
  /** Each good until the next one. */
  chunks(): AsyncIterable<Buffer>
}

/** A file that is far larger is not a registry. */
const maxBytes = 512 * 1024 * 1024
const chunkBytes = 1024 * 1024

/** A file as it is now: one that takes its place meanwhile is another. Rejects where it cannot be read, and above 512 MiB. */
export async function withRegistryBytes<Value>(
  path: string,
  read: (bytes: RegistryBytes) => Promise<Value>,
): Promise<Value> {
  const file = await open(path)
  try {
    const stats = await file.stat()
    // Reading a folder fails, and says so in the words of the system.
    if (!stats.isFile()) await file.readFile()
    if (stats.size > maxBytes) throw new Error(`${basename(path)} is larger than ${maxBytes} bytes`)
    return await read({ name: path, length: stats.size, chunks: () => chunksOf(file) })
  } finally {
    await file.close()
  }
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  const chunk = Buffer.allocUnsafeSlow(chunkBytes)
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(chunk, 0, chunkBytes, position)
    if (bytesRead === 0) return
    position += bytesRead
    if (position > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`)
    yield chunk.subarray(0, bytesRead)
  }
}

/** What is to become the file. */
export function bytesInMemory(name: string, bytes: Buffer): RegistryBytes {
  return {
    name,
    length: bytes.length,
    async *chunks() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
    },
  }
}

export async function allBytes(bytes: RegistryBytes): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of bytes.chunks()) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}
