import { ServiceError } from '../errors.ts'

/**
 * What `work` comes to, or ServiceUnavailable if that takes longer. The work itself goes on, as nothing can stop a
 * write half way; how it ends then is told to `late`, if it fails.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  {
    milliseconds,
    late,
  }: { readonly milliseconds: number; readonly late: (error: unknown) => void },
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      work.catch(late)
      reject(new ServiceError('ServiceUnavailable', 'The request took too long. Try again.'))
    }, milliseconds)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
