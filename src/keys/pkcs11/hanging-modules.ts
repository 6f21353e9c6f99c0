/** Ends the process even if a PKCS #11 module hangs in one of its threads. Node.js would wait for that thread forever. */

let hanging = 0

/** Records that a thread cannot be ended because its module hangs. Returns a function that records its end. */
export function recordHangingModule(): () => void {
  hanging += 1
  return () => (hanging -= 1)
}

/**
 * If a module hangs, ends the process with SIGTERM, like a service that is stopped. Call it when everything else is closed.
 */
export function exitIfModuleHangs(): void {
  if (hanging === 0) return
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
}
