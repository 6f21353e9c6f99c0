/** A TLS connection to a syslog server (RFC 5425). */
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'

export interface SyslogServer {
  readonly host: string
  readonly port: number
  /** Paths of PEM files. Without a CA file, Node.js's default CAs are trusted. */
  readonly caFile: string | undefined
  readonly certFile: string | undefined
  readonly keyFile: string | undefined
}

export interface SyslogConnection {
  /** Resolves when the operating system has accepted the bytes. Rejects if the connection ends, or after 30 seconds. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when the connection has ended, with the error if one occurred. */
  readonly ended: Promise<Error | undefined>
  /** Sends queued bytes and closes the connection within a second. */
  end(): void
  destroy(): void
}

export type Connect = (signal: AbortSignal) => Promise<SyslogConnection>

const handshakeMilliseconds = 10_000
const writeMilliseconds = 30_000
const endMilliseconds = 1000
const keepAliveMilliseconds = 60_000

/** Connects to the syslog server and verifies its certificate. Rejects if a file cannot be read, or after 10 seconds. */
export async function connectSyslog(
  server: SyslogServer,
  signal: AbortSignal,
): Promise<SyslogConnection> {
  const [ca, cert, key] = await Promise.all(
    [server.caFile, server.certFile, server.keyFile].map(
      async (file) => file && (await readFile(file, 'latin1')),
    ),
  )
  signal.throwIfAborted()
  const socket = connectTls({
    host: server.host,
    port: server.port,
    minVersion: 'TLSv1.2',
    ...(isIP(server.host) === 0 && { servername: server.host }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  })
  const { promise: ended, resolve } = Promise.withResolvers<Error | undefined>()
  let failure: Error | undefined
  socket.on('error', (error) => (failure = error))
  socket.on('close', () => resolve(failure))
  // A syslog server sends no data, but the socket must be read to detect the end of the connection.
  socket.resume()
  await handshake(socket, { ended, signal })
  socket.setKeepAlive(true, keepAliveMilliseconds)
  return {
    ended,
    write: (bytes) => write(socket, bytes),
    end() {
      setTimeout(() => socket.destroy(), endMilliseconds).unref()
      socket.end()
    },
    destroy: () => socket.destroy(),
  }
}

async function handshake(
  socket: TLSSocket,
  { ended, signal }: { readonly ended: Promise<Error | undefined>; readonly signal: AbortSignal },
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = (): void => reject(new Error('the server is stopping'))
  const timer = setTimeout(
    () => reject(new Error(`no TLS connection within ${handshakeMilliseconds / 1000} seconds`)),
    handshakeMilliseconds,
  )
  signal.addEventListener('abort', abort)
  socket.once('secureConnect', resolve)
  ended.then((error) => reject(error ?? new Error('the server closed the connection')), reject)
  try {
    await promise
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function write(socket: TLSSocket, bytes: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => {
    reject(new Error(`the server accepted no data for ${writeMilliseconds / 1000} seconds`))
    socket.destroy()
  }, writeMilliseconds)
  const close = (): void => reject(new Error('the server closed the connection'))
  socket.once('close', close)
  socket.write(bytes, (error) => (error ? reject(error) : resolve()))
  return promise.finally(() => {
    clearTimeout(timer)
    socket.off('close', close)
  })
}
