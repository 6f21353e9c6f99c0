/**
 * The floor of HTTP: reads the body and answers a fixed JSON. In as many processes as the argument says, which share
 * one port; it is printed when all of them listen.
 */
import cluster from 'node:cluster'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** As long as the answer of IssueCertificate. */
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

function listen(): void {
  const server = createServer(handle)
  server.listen(0, '127.0.0.1', () => {
    if (!cluster.isWorker) report((server.address() as AddressInfo).port)
  })
}

function report(port: number): void {
  process.stdout.write(`${port}\n`)
}

const processes = Number(process.argv[2] ?? 1)
if (cluster.isWorker || processes === 1) listen()
else {
  let waiting = processes
  cluster.on('listening', (_worker, { port }) => {
    waiting -= 1
    if (waiting === 0) report(port)
  })
  for (let index = 0; index < processes; index += 1) cluster.fork()
}
