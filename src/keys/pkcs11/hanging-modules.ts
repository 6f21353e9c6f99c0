/**
 * Ends the process even if a PKCS #11 module hangs in one of the process's threads. Node.js itself would wait forever for the
 * thread to end.
 */

let hanging = 0

/**
 * Records that a thread cannot be ended because its module hangs. Returns a function that records that the thread has ended.
 */
export function recordHangingModule(): () => void {
  hanging += 1
  return () => (hanging -= 1)
}

/** If a module hangs, ends the process with SIGTERM, as when a service is stopped. Callers must first close everything else. */
export function exitIfModuleHangs(): void {
  if (hanging === 0) return
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
}
