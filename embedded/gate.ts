/** Counts what runs, so that closing can wait for it. */

export interface Gate {
  /** Runs the work, unless the gate is closed: then it rejects. */
  pass<T>(work: () => Promise<T>): Promise<T>
  /** From now on nothing passes, for that reason. */
  shut(reason: Error): void
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>
}

export function createGate(): Gate {
  const running = new Set<Promise<unknown>>()
  let shutBy: Error | undefined
  return {
    pass(work) {
      if (shutBy !== undefined) return Promise.reject(shutBy)
      const run = work()
      const leave = (): boolean => running.delete(run)
      running.add(run)
      run.then(leave, leave)
      return run
    },
    shut(reason) {
      shutBy ??= reason
    },
    async idle() {
      await Promise.allSettled(running)
    },
  }
}
