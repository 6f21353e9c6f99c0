/**
 * A module that is preloaded into a server process (`--import`). Kills a process with SIGKILL immediately after the process
 * passes response number $DIES_ANSWERING to the operating system. Worker n is killed after response number n × $DIES_ANSWERING.
 * Nothing happens after the response.
 */
import cluster from 'node:cluster'
import { Socket } from 'node:net'

let remaining = Number(process.env['DIES_ANSWERING']) * (cluster.worker?.id ?? 1)
const write = Reflect.get(Socket.prototype, '_write')

Socket.prototype._write = function (chunk: unknown, ...args): void {
  write.call(this, chunk, ...args)
  if (!String(chunk).startsWith('HTTP/1.1 200 ')) return
  remaining -= 1
  if (remaining === 0) process.kill(process.pid, 'SIGKILL')
}
