/**
 * The entry point of a process that checks the structure of a large SQLite database while the server is running. The process runs
 * at the lowest priority and records any damage. A running check cannot be interrupted, but the process can be killed at any
 * time. It ends with the server.
 */
import { setPriority } from 'node:os'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { checkTables } from './start-check.ts'

if (isMainThread) {
  try {
    setPriority(19)
  } catch {
    // A sandbox, such as that of the systemd unit, may forbid setPriority. The check then runs at the server's priority.
  }
  // A supervisor may send SIGHUP to all processes of the server.
  process.on('SIGHUP', () => {})
  const end = (): void => {
    process.kill(process.pid, 'SIGKILL')
  }
  process.once('disconnect', end)
  const thread = new Worker(new URL(import.meta.url), { workerData: process.argv[2], execArgv: [] })
  thread.once('error', () => (process.exitCode = 1))
  thread.once('exit', () => {
    process.off('disconnect', end)
    process.disconnect()
  })
} else checkTables(workerData as string)
