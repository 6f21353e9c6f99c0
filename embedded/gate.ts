/** Counts the calls that run, so that closing can wait for them. */

export interface Gate {
  /** Runs the work, unless the gate is closed: then it rejects. */
  pass<T>(work: () => Promise<T>): Promise<T>
  /** Closes the gate: later calls are rejected with `reason`. */
  shut(reason: Error): void
  /** Resolves when the running calls have ended. */
  idle(): Promise<void>
}

export function createGate(): Gate {
  const running = new Set<Promise<unknown>>()
  let closeReason: Error | undefined
  return {
    pass(work) {
      if (closeReason !== undefined) return Promise.reject(closeReason)
      const run = work()
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
