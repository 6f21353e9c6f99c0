/**
 * The HTTP baseline: a Node.js process that reads the request body and returns constant JSON. The process prints its URL when it
 * is ready for connections. For TLS, the process's arguments are the certificate file and the key file.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** A body that is as long as an IssueCertificate response. */
const body = JSON.stringify({ CertificateArn: 'x'.repeat(140) })
const head = {
  'content-type': 'application/x-amz-json-1.1',
  'content-length': String(Buffer.byteLength(body)),
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  request.on('data', () => undefined)
  request.on('end', () => {
    response.writeHead(200, head)
    response.end(body)
  })
}

const [cert, key] = process.argv.slice(2).map((path) => readFileSync(path))
const server =
  cert === undefined || key === undefined
    ? createServer(handle)
    : createTlsServer({ cert, key }, handle)
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${cert === undefined ? 'http' : 'https'}://127.0.0.1:${port}\n`)
})
