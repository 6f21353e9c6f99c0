/** The connections of a listener: which requests wait for their answers on each, and when a connection is cut. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

interface Connection {
  /** Requests that wait for their answers; a client that pipelines has several. */
  waiting: number
  latest: Exchange | undefined
  /** It is cut as soon as nothing waits any more. */
  ending: boolean
}

export interface Connections {
  /** Cuts, after a while, those on which no whole request waits for its answer: node:http looks at no deadline any more. */
  cutUnfinished(): void
  /**
   * Whether an error of a connection can be answered on it. It cannot be while whole requests wait for their answers, as the
   * client would take it for the answer to the first of them: the connection then ends with the last of these answers.
   */
  canAnswer(socket: Socket): boolean
}

const closingMilliseconds = 5000

/** No client that we know of has more than a few requests on one connection before it reads an answer. */
const waitingMax = 64

/** Follows the connections of a server, and the requests on each. */
export function followConnections(server: Server, isTls: boolean): Connections {
  const open = new Map<Socket, Connection>()
  server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
    open.set(socket, { waiting: 0, latest: undefined, ending: false })
    socket.once('close', () => open.delete(socket))
  })
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const connection = open.get(socket)
    if (connection === undefined) return
    connection.latest = { request, response }
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
    cutUnfinished() {
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
