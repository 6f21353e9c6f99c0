/** The server's side of the local channel. */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import { socketPath, socketPathBytesMax, type LocalReply, type LocalRequest } from './messages.ts'
import { readLine, sendLine } from './read-line.ts'

/** Handles a request. ConfigurationErrors are returned to the command, and all other errors are logged. */
export type LocalHandler = (request: LocalRequest) => Promise<unknown>

interface ChannelLog {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const connectionsMax = 16

/**
 * Serves requests on a data folder's socket. The server can run without the local channel, so a failure is only logged.
 * Resolves to a function that closes the local channel.
 */
export async function serveLocally(
  dataDirectory: string,
  handler: LocalHandler,
  log: ChannelLog,
): Promise<() => Promise<void>> {
  const path = socketPath(dataDirectory)
  const reading = new Set<Socket>()
  const replies = new Set<Promise<void>>()
  const serve = async (socket: Socket): Promise<void> => {
    reading.add(socket)
    try {
      const request = (await readLine(socket)) as LocalRequest
      reading.delete(socket)
      await sendLine(socket, await replyOf(handler, request, log))
    } catch {
      // The command has ended, or did not send a request.
    } finally {
      reading.delete(socket)
      socket.destroy()
    }
  }
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    const reply = serve(socket).finally(() => replies.delete(reply))
    replies.add(reply)
  })
  server.maxConnections = connectionsMax
  try {
    await listen(server, path)
  } catch (err) {
    log.warn(
      { err },
      'commands cannot send requests to this server, because its socket in the data folder cannot be created',
    )
    return () => Promise.resolve()
  }
  server.on('error', (err) => log.error({ err }, 'the local channel failed'))
  return async () => {
    // Closing the server removes the socket. Requests that have already been received are still processed.
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    for (const socket of reading) socket.destroy()
    await Promise.all(replies)
    await closed
  }
}

/** Listens on a socket with mode 0600. A socket left behind by a killed server is replaced. */
async function listen(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > socketPathBytesMax)
    throw new Error(`the path ${path} is longer than ${socketPathBytesMax} bytes`)
  if (await isServed(path)) throw new Error(`another server listens on ${path}`)
  await rm(path, { force: true })
  const listening = once(server, 'listening')
  // The call to `listen` creates the socket, so the socket never has other permissions.
  const mask = process.umask(0o177)
  try {
    server.listen({ path, exclusive: true })
  } finally {
    process.umask(mask)
  }
  await listening
}

/**
 * Returns whether a server accepts connections on the socket. Several servers may share the data folder if their database is
 * on PostgreSQL.
 */
async function isServed(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function replyOf(
  handler: LocalHandler,
  request: LocalRequest,
  log: ChannelLog,
): Promise<LocalReply> {
  try {
    return { ok: true, value: await handler(request) }
  } catch (error) {
    if (error instanceof ConfigurationError) return { ok: false, problem: error.message }
    log.error({ err: error }, 'a request of a local command failed')
    return { ok: false, problem: 'the server failed; see its log' }
  }
}
