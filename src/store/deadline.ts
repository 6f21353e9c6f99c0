import { DatabaseUnavailableError } from './database.ts'

/**
 * Resolves to the result of `work`. If `work` takes longer than the timeout, the promise rejects with DatabaseUnavailableError,
 * and the later result is ignored.
 */
export async function withTimeout<T>(
  milliseconds: number,
  work: Promise<T>,
  reason: string,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnavailableError(reason)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    work.catch(() => {})
  }
}
