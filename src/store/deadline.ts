import { DatabaseUnavailableError } from './database.ts'

/** What `work` comes to, or DatabaseUnavailableError with that reason if it takes longer; then nobody hears how it ends. */
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
