/** The command's side of the local channel. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { ConfigurationError } from '../errors.ts'
import { socketPath, type LocalReply, type LocalRequest } from './messages.ts'
import { readLine } from './read-line.ts'

/**
 * Sends a request to the server that uses a data folder, and returns the value in its reply. Throws ConfigurationError if no
 * server uses the folder, if the user is not permitted to send requests to the server, or if the server replies with a problem.
 */
export async function requestLocally(
  dataDirectory: string,
  request: LocalRequest,
): Promise<unknown> {
  const path = socketPath(dataDirectory)
  const socket = connect({ path, allowHalfOpen: true })
  try {
    await once(socket, 'connect')
    // Without an error listener, an error after the reply would terminate the process.
    socket.on('error', () => {})
    socket.write(`${JSON.stringify(request)}\n`)
    const reply = (await readLine(socket)) as LocalReply
    if (reply.ok) return reply.value
    throw new ConfigurationError(reply.problem)
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    throw new ConfigurationError(`${dataDirectory}: ${unreachableReason(error)}`, { cause: error })
  } finally {
    socket.destroy()
  }
}

function unreachableReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ECONNREFUSED')
    return 'no server is running on this data folder'
  if (code === 'EACCES' || code === 'EPERM')
    return 'only the owner of the data folder and root can send requests to its server'
  return `the server did not reply: ${message}`
}
