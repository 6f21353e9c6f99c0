/**
 * A process that checks the structure of a large SQLite database beside the server, at the lowest priority, and records damage
 * that it finds. A check that has begun cannot be interrupted; this process can be ended at any moment, and ends by itself,
 * at once, when the server does.
 */
import { setPriority } from 'node:os'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { checkTables } from './start-check.ts'

if (isMainThread) {
  setPriority(19)
  const end = (): void => {
    process.kill(process.pid, 'SIGKILL')
  }
  process.once('disconnect', end)
  const thread = new Worker(new URL(import.meta.url), { workerData: process.argv[2], execArgv: [] })
  thread.once('exit', () => {
    process.off('disconnect', end)
    process.disconnect()
  })
} else checkTables(workerData as string)
