// The upstream of docker-compose.yml: answers with what it received.
import { createServer } from 'node:http'

createServer((incoming, outgoing) => {
  const { method, url: path, headers } = incoming
  incoming.resume()
  outgoing
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ method, path, headers }, undefined, 2))
}).listen(8080, '0.0.0.0')
