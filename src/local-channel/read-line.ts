import type { Socket } from 'node:net'
import { connectionMilliseconds, lineBytesMax } from './messages.ts'

/**
 * Reads a line of JSON. Rejects if the connection ends before the end of the line, if the line is too long, or if reading it
 * takes too long.
 */
export async function readLine(socket: Socket): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  socket.setTimeout(connectionMilliseconds, () => {
    socket.destroy(new Error('the other side did not reply in time'))
  })
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer
    const end = bytes.indexOf('\n')
    chunks.push(end < 0 ? bytes : bytes.subarray(0, end))
    length += bytes.length
    if (end >= 0) return JSON.parse(Buffer.concat(chunks).toString())
    if (length > lineBytesMax) throw new Error('the message is too long')
  }
  throw new Error('the connection was closed')
}

/** Sends a line of JSON and ends this side of the connection. Resolves when the other side has also ended the connection. */
export async function sendLine(socket: Socket, value: unknown): Promise<void> {
  // A connection that has already ended emits no further event.
  if (socket.closed || socket.destroyed) return
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  socket.end(`${JSON.stringify(value)}\n`)
  // Reads the rest of an oversized request until the connection ends.
  socket.resume()
  await closed
}
