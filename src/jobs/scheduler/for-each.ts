import type { JobResult } from './scheduler.ts'

/**
 * Processes every item, with at most `parallel` items at a time, and counts the results. Once `signal` is aborted, the function
 * starts no further items. After an error, the function waits for the running items and then rejects with the first error.
 */
export async function forEachParallel<Item>(
  items: readonly Item[],
  { parallel, signal }: { readonly parallel: number; readonly signal?: AbortSignal },
  work: (item: Item) => Promise<keyof JobResult>,
): Promise<JobResult> {
  const result = { done: 0, failed: 0 }
  const queue = [...items]
  const next = (): Item | undefined => (signal?.aborted === true ? undefined : queue.shift())
  const worker = async (): Promise<void> => {
    for (let item = next(); item !== undefined; item = next()) result[await work(item)] += 1
  }
  const workers = Array.from({ length: Math.min(parallel, items.length) }, worker)
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
  return result
}
