/** Connections on which a request is still coming in when a listener closes: node:http looks at no deadline any more. */
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/** Follows the connections of a server. What it answers cuts, after a while, those on which no whole request waits. */
export function followConnections(server: Server, isTls: boolean): () => void {
  const open = new Map<Socket, Set<IncomingMessage>>()
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, new Set())
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', (request: IncomingMessage, response) => {
    const requests = open.get(request.socket)
    requests?.add(request)
    response.once('close', () => requests?.delete(request))
  })
  const cut = (): void => {
    for (const [socket, requests] of open)
      if (![...requests].some(({ complete }) => complete)) socket.destroy()
  }
  return () => void setTimeout(cut, closingMilliseconds).unref()
}

const closingMilliseconds = 5000
