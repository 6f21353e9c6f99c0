/** Connections on which a request is still coming in when a listener closes: node:http looks at no deadline any more. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

const closingMilliseconds = 5000

/**
 * Follows the connections of a server, and the latest request on each. What it answers cuts, after a while, those on which
 * no whole request waits for its answer.
 */
export function followConnections(server: Server, isTls: boolean): () => void {
  const open = new Map<Socket, Exchange | undefined>()
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, undefined)
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    open.set(request.socket, { request, response })
  })
  const cut = (): void => {
    for (const [socket, exchange] of open) if (!isBusy(exchange)) socket.destroy()
  }
  return () => {
    setTimeout(cut, closingMilliseconds).unref()
  }
}

function isBusy(exchange: Exchange | undefined): boolean {
  return exchange?.request.complete === true && !exchange.response.writableFinished
}
