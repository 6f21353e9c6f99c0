/** Handles the requests from workers in the primary. */
import type { LocalAddressLimiter } from '../../access/address-limiter.ts'
import type { RateLimiter } from '../../access/rate-limiter.ts'
import type { CallLog } from '../../call-log/call-log.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import type { TransactionOutcome } from '../../store/sqlite/group-commit.ts'
import type { ServerState } from '../../operations/server/server-info.ts'
import type { Services } from '../../services.ts'
import type { Log } from '../../telemetry/log.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { PrimaryReplies, WorkerNotice, WorkerRequest } from './messages.ts'

export interface PrimaryServices {
  readonly db: Pick<Database, 'transaction'>
  readonly log: Log
  readonly metrics: Metrics
  readonly rateLimiter: RateLimiter
  readonly accountChanges: LocalAddressLimiter
  readonly callLog: CallLog | undefined
  readonly wake: Services['wake']
  readonly serverState: () => Promise<ServerState>
}

export interface RequestHandling {
  readonly reply: (value: PrimaryReplies[keyof PrimaryReplies]) => void
  /** Reads the metrics of every worker. */
  readonly workerMetrics: () => Promise<(readonly object[])[]>
}

export function serveWorkerRequest(
  services: PrimaryServices,
  request: WorkerRequest,
  { reply, workerMetrics }: RequestHandling,
): void {
  const { db, callLog, rateLimiter, log } = services
  switch (request.kind) {
    case 'transaction':
      db.transaction(request.statements).then(
        (rows) => reply({ rows }),
        (error: unknown) => reply(outcomeOf(error)),
      )
      return
    case 'call record':
      callLog?.record(request.record).then(reply, () => reply(false))
      return
    case 'rate':
      // The rate limiter is in the same process, so its result is not a promise.
      return reply(rateLimiter.allows(request.call) === true)
    case 'account change':
      return reply(services.accountChanges.count(request.address))
    case 'server state':
      services.serverState().then(reply, () => reply(undefined))
      return
    case 'metrics':
      allMetrics(services, workerMetrics).then(reply, (err: unknown) => {
        log.error({ err }, 'the metrics cannot be read')
        reply(undefined)
      })
  }
}

export function acceptWorkerNotice(services: PrimaryServices, notice: WorkerNotice): void {
  if (notice.kind === 'wake') services.wake(notice.job)
  else services.callLog?.write(notice.record)
}

async function allMetrics(
  { metrics }: PrimaryServices,
  workerMetrics: RequestHandling['workerMetrics'],
): Promise<string> {
  return metrics.text(await workerMetrics())
}

function outcomeOf(error: unknown): TransactionOutcome {
  if (error instanceof ConflictError)
    return { conflict: { guard: error.guard, message: error.message } }
  return { failure: error instanceof Error ? error.message : String(error) }
}
