import type { Http2Server } from 'node:http2'
import type { Server } from '@grpc/grpc-js'

/**
 * The HTTP/2 servers that grpc-js has bound so far. They are not part of its API: its version is pinned, and where a release keeps them
 * elsewhere there are none, which the tests of whoever asks for them notice.
 */
export function http2ServersOf(server: Server): readonly Http2Server[] {
  const { http2Servers } = server as unknown as { readonly http2Servers?: ReadonlyMap<Http2Server, unknown> }
  return [...(http2Servers?.keys() ?? [])]
}
