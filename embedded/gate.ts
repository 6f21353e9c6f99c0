/** Tracks calls in progress, so that closing can wait for them. */

export interface Gate {
  /** Runs the call, or rejects if the gate is closed. */
  pass<T>(work: () => Promise<T>): Promise<T>
  /** Closes the gate, so that later calls are rejected with `reason`. */
  shut(reason: Error): void
  /** Resolves when all calls in progress have ended. */
  idle(): Promise<void>
}

/** The longest timer delay that Node.js supports, in milliseconds. */
const timerDelayMax = 2 ** 31 - 1

/** Keeps the process alive until the call has ended, even if the call waits only for unreferenced timers or handles. */
export async function withLivingProcess<T>(work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, timerDelayMax)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}

export function createGate(): Gate {
  const running = new Set<Promise<unknown>>()
  let closeReason: Error | undefined
  return {
    pass(work) {
      if (closeReason !== undefined) return Promise.reject(closeReason)
      const run = withLivingProcess(work)
      const leave = (): boolean => running.delete(run)
      running.add(run)
      run.then(leave, leave)
      return run
    },
    shut(reason) {
      closeReason ??= reason
    },
    async idle() {
      await Promise.allSettled(running)
    },
  }
}
