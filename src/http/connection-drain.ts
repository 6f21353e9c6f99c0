/** Tracks the connections of a listener and the requests on each, and decides when a connection is closed. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  /** Number of unanswered requests; more than one if the client pipelines. */
  waiting: number
  latest: Exchange | undefined
  /** Whether it is closed after the last pending answer. */
  ending: boolean
}

export interface Connections {
  /**
   * Ends each connection after its pending answer, and those without a complete pending request after a delay: node:http checks
   * no deadlines after closing.
   */
  end(): void
  /**
   * Whether an error of a connection can be answered on it. While complete requests are pending, the client would take the
   * error for the answer to the first of them. The connection is then closed after the last pending answer.
   */
  canAnswer(socket: Socket): boolean
}

const closingMilliseconds = 5000

/** Known clients send only a few requests on a connection before they read an answer. */
const waitingMax = 64

/** Follows the connections of a server, and the requests on each. */
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
