/**
 * The floor of HTTP: one process of Node.js that reads the body and answers a fixed JSON. Prints its URL when it listens.
 * Arguments: files of a certificate and its key, for TLS.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** As long as the response of IssueCertificate. */
const answer = JSON.stringify({ CertificateArn: 'x'.repeat(140) })
const head = {
  'content-type': 'application/x-amz-json-1.1',
  'content-length': String(Buffer.byteLength(answer)),
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  request.on('data', () => undefined)
  request.on('end', () => {
    response.writeHead(200, head)
    response.end(answer)
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
