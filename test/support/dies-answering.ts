/**
 * Preloaded into a server (`--import`): a process is killed as soon as answer number $DIES_ANSWERING was handed to the system, the
 * second worker with twice as many. What was to happen after that does not.
 */
import cluster from 'node:cluster'
import { Socket } from 'node:net'

let left = Number(process.env['DIES_ANSWERING']) * (cluster.worker?.id ?? 1)
const write = Reflect.get(Socket.prototype, '_write')

Socket.prototype._write = function (chunk: unknown, ...rest): void {
  write.call(this, chunk, ...rest)
  if (!String(chunk).startsWith('HTTP/1.1 200 ')) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
