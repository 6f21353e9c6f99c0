/** The command `signet renew --daemon`, which renews each folder when it is due, and retries after a failure. */
import type { Clock } from '../clock.ts'
import type { Random } from '../random.ts'
import { hourMilliseconds, minuteMilliseconds } from '../text/duration.ts'
import { isoSeconds } from '../text/iso-time.ts'
import { readMetadata } from './certificate-folder.ts'
import { dueTime, renewOne, type RenewalRequest, type RenewalTools } from './renew.ts'

export interface DaemonTools extends Omit<RenewalTools, 'now'> {
  readonly clock: Clock
  /** Resolves after the given number of milliseconds, or as soon as the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Writes a line to the log. */
  readonly report: (line: string) => void
  /** Signal that stops the daemon. */
  readonly signal: AbortSignal
}

/** The first retry takes place after about a minute. The delay doubles with each further retry, up to an hour. */
const retryMin = minuteMilliseconds
const retryMax = hourMilliseconds
/** Maximum delay between checks. While the daemon sleeps, the clock may be changed or metadata.json may be replaced. */
const sleepMax = hourMilliseconds

interface FolderState {
  readonly folder: string
  /** Number of failed attempts since the last success. */
  readonly failures: number
  readonly nextAttempt: Date
}

/**
 * Runs until the signal aborts, and then completes a renewal that is in progress. Problems with a folder never cause a
 * rejection.
 */
export async function runDaemon(
  folders: readonly string[],
  request: RenewalRequest,
  tools: DaemonTools,
): Promise<void> {
  const { signal } = tools
  let states: readonly FolderState[] = folders.map((folder) => ({
    folder,
    failures: 0,
    nextAttempt: new Date(0),
  }))
  tools.report(`watching ${folders.join(', ')}`)
  while (!signal.aborted) {
    const next: FolderState[] = []
    for (const state of states)
      next.push(signal.aborted ? state : await visit(state, request, tools))
    states = next
    if (signal.aborted) break
    const earliest = Math.min(...states.map(({ nextAttempt }) => nextAttempt.getTime()))
    const wait = earliest - tools.clock.now().getTime()
    await tools.sleep(Math.max(0, Math.min(wait, sleepMax)), signal)
  }
  tools.report('stopped')
}

/** Renews the folder if it is due, and sets the time of the next check. */
async function visit(
  state: FolderState,
  request: RenewalRequest,
  tools: DaemonTools,
): Promise<FolderState> {
  const { folder } = state
  const now = tools.clock.now()
  // A due time in the future is read again, because another program may have renewed the folder.
  if (state.failures > 0 && now < state.nextAttempt) return state
  const { result, notAfter, problem, hookFailed } = await renewOne(folder, request, {
    ...tools,
    now,
  })
  const after = tools.clock.now()
  // A certificate that is awaiting a retry is due, even if metadata.json has a later time.
  const isDue = result === 'failed' && hookFailed !== true
  const due = isDue ? undefined : await dueTimeAfter(folder, request, after)
  if (due !== undefined && result !== 'failed') {
    if (result === 'renewed') tools.report(`renewed ${folder}: valid until ${notAfter}`)
    return { folder, failures: 0, nextAttempt: due }
  }
  const failures = due === undefined ? state.failures + 1 : 0
  const nextAttempt = due ?? new Date(after.getTime() + retryDelay(failures, tools.random))
  const reason =
    problem ?? 'the new certificate is already due for renewal; shorten --if-expiring-within'
  tools.report(`failed ${folder}: ${reason}; next attempt at ${isoSeconds(nextAttempt)}`)
  return { folder, failures, nextAttempt }
}

/** Returns when the certificate in a folder is due for renewal, if that is after `now`. */
async function dueTimeAfter(
  folder: string,
  { when }: RenewalRequest,
  now: Date,
): Promise<Date | undefined> {
  try {
    const due = dueTime(await readMetadata(folder), when)
    return due > now ? due : undefined
  } catch {
    // The error has already been reported by the renewal attempt.
    return undefined
  }
}

/** Returns twice the delay, with random jitter of up to a quarter in either direction. */
export function retryDelay(failures: number, random: Random): number {
  const base = Math.min(retryMax, retryMin * 2 ** Math.max(0, failures - 1))
  const fraction = (random.bytes(1)[0] ?? 0) / 255
  return Math.round(base * (0.75 + fraction / 2))
}
