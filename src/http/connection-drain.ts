/** Tracks the connections to a listener and the requests on each connection, and decides when each connection is closed. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  /** Number of requests that have not received a response. The number can exceed one if the client pipelines requests. */
  waiting: number
  latest: Exchange | undefined
  /** Whether the server closes the connection after the last pending response. */
  ending: boolean
}

export interface Connections {
  /** Returns the number of open connections. */
  readonly count: () => number
  /**
   * Closes each connection after its last pending response. Connections without a complete pending request are closed after a
   * delay. The delay is necessary because node:http does not enforce timeouts after the server has been closed.
   */
  end(): void
  /**
   * Returns whether the server can send an error response for a connection error. While complete requests are pending, the client
   * would mistake the error response for the response to the first request. The server therefore sends no error response and
   * closes the connection after the last pending response.
   */
  canAnswer(socket: Socket): boolean
}

const closingMilliseconds = 5000

/** Maximum number of pending requests on a connection. All known clients pipeline only a few requests. */
const waitingMax = 64

/** Starts tracking a server's connections and the requests on each connection. */
export function trackConnections(server: Server, isTls: boolean): Connections {
  const open = new Map<Socket, Connection>()
  let isClosing = false
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, { waiting: 0, latest: undefined, ending: false })
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const connection = open.get(socket)
    if (connection === undefined) return
    connection.latest = { request, response }
    if (isClosing) response.shouldKeepAlive = false
    connection.waiting += 1
    if (connection.waiting > waitingMax) socket.destroy()
    response.once('close', () => {
      connection.waiting -= 1
      if (connection.ending && connection.waiting === 0) socket.destroy()
    })
  })
  const cut = (): void => {
    for (const [socket, { latest }] of open) if (!isBusy(latest)) socket.destroy()
  }
  return {
    count: () => open.size,
    end() {
      isClosing = true
      for (const connection of open.values()) {
        const { latest } = connection
        if (latest?.response.headersSent === false) latest.response.shouldKeepAlive = false
        else if (isBusy(latest)) connection.ending = true
      }
      setTimeout(cut, closingMilliseconds).unref()
    },
    canAnswer(socket) {
      const connection = open.get(socket)
      if (connection === undefined || connection.waiting === 0) return true
      const { latest, waiting } = connection
      const isLatestIncomplete = latest?.request.complete === false
      const isAnswered = latest?.response.headersSent === true
      if (isLatestIncomplete && waiting === 1 && !isAnswered) return true
      if (isLatestIncomplete) socket.destroy()
      connection.ending = true
      return false
    },
  }
}

function isBusy(exchange: Exchange | undefined): boolean {
  return exchange?.request.complete === true && !exchange.response.writableFinished
}
