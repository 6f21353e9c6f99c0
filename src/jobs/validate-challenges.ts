import { problemMembers } from '../enrollment/problem-members.ts'
import { ConflictError } from '../store/database.ts'
import {
  claimChallenges,
  dueChallengeOf,
  findRequestedChallenge,
  postponeChallenge,
  returnChallenge,
  storeInvalidChallenge,
  storeValidChallenge,
  type ChallengeResult,
  type DueChallenge,
  type RequestedChallenge,
} from '../store/enrollment/challenges.ts'
import type { Lease } from '../store/leases.ts'
import type { Services } from '../services.ts'
import { dayMilliseconds } from '../text/duration.ts'
import type { ValidationResult, Validator } from '../validation/validator.ts'
import { retryAt, runClaimed } from './scheduler/claimed-work.ts'
import type { Job, JobResult } from './scheduler/scheduler.ts'

const batch = 32
const parallel = 16
/**
 * Maximum number of concurrent runs. Several runs are allowed, because a run takes up to 20 seconds if none of its hosts respond,
 * and other clients should not have to wait that long.
 */
const runsMax = 4
/**
 * Maximum number of attempts. The pauses between attempts are 5, 10, 20 and 40 seconds, so all attempts together take at most
 * about two minutes.
 */
const attemptsMax = 5
/** Time for which new orders can use a valid authorization. */
const authorizationMilliseconds = 30 * dayMilliseconds

/**
 * Validates the challenges that clients have requested, and stores the results in their authorizations and orders. If an
 * attempt fails for a temporary reason, the job tries again later.
 */
export function createValidateChallenges(validator: Validator): Job<'validate-challenges'> {
  return {
    name: 'validate-challenges',
    everySeconds: 2,
    runsMax,
    run: (services, signal) =>
      runClaimed(services, signal, {
        name: 'validate-challenges',
        table: 'acme_challenges',
        batch,
        parallel,
        claim: claimChallenges,
        itemOf: dueChallengeOf,
        work: (due, lease, workSignal) =>
          validate(services, { validator, due, lease, signal: workSignal }),
      }),
  }
}

interface Work {
  readonly validator: Validator
  readonly due: DueChallenge
  readonly lease: Lease
  readonly signal: AbortSignal
}

async function validate(services: Services, work: Work): Promise<keyof JobResult> {
  const { db, clock, log } = services
  const { validator, due, lease, signal } = work
  const challenge = await findRequestedChallenge(db, due, clock.now())
  if (challenge?.isOpen !== true) {
    await db.transaction([returnChallenge(due, lease)])
    return 'done'
  }
  const outcome = await validator
    .validate(attemptOf(challenge), signal)
    .then(storedOf, (error: unknown) => {
      if (!signal.aborted)
        log.error(
          { challenge: challenge.id, err: error },
          'an ACME challenge could not be validated',
        )
      return internalError
    })
  // This process or another process claims the challenge again later.
  if (outcome !== 'valid' && signal.aborted) return 'failed'
  await store(services, { challenge, lease, now: clock.now() }, outcome)
  return outcome === internalError ? 'failed' : 'done'
}

function attemptOf({
  type,
  token,
  identifier,
  wildcard,
  keyThumbprint,
}: RequestedChallenge): Parameters<Validator['validate']>[0] {
  const value = wildcard ? `*.${identifier.value}` : identifier.value
  const keyAuthorization = `${token}.${keyThumbprint}`
  return { type, token, identifier: { ...identifier, value }, keyAuthorization }
}

/** The stored result of a validation attempt. `error` is a problem document in JSON. */
type StoredOutcome = 'valid' | { readonly error: string; readonly isRetryable: boolean }

function storedOf(result: ValidationResult): StoredOutcome {
  if (result.outcome === 'valid') return 'valid'
  const { problem, isRetryable } = result
  return { error: problemText(problem.type, problem.detail), isRetryable }
}

const internalError: StoredOutcome = {
  error: problemText('serverInternal', 'The CA server could not validate the challenge.'),
  isRetryable: true,
}

function problemText(type: string, detail: string): string {
  return JSON.stringify(problemMembers(type, detail))
}

async function store(
  { db, log, metrics }: Services,
  result: ChallengeResult,
  outcome: StoredOutcome,
): Promise<void> {
  const { challenge, lease, now } = result
  const { id, type, identifier, failures } = challenge
  const isValid = outcome === 'valid'
  const isRetried = !isValid && outcome.isRetryable && failures + 1 < attemptsMax
  try {
    if (isValid) {
      const validUntil = new Date(now.getTime() + authorizationMilliseconds)
      await db.transaction(storeValidChallenge(result, validUntil))
    } else if (isRetried) {
      const retry = { error: outcome.error, retryAt: retryAt(now, failures + 1) }
      await db.transaction([postponeChallenge(result, retry)])
    } else await db.transaction(storeInvalidChallenge(result, outcome.error))
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    // Either the authorization or the account was deactivated, or another process holds the challenge. If another process holds
    // the challenge, the statement below has no effect.
    await db.transaction([returnChallenge(challenge, lease)])
    return
  }
  const outcomeName = isValid ? 'valid' : isRetried ? 'retry' : 'invalid'
  metrics.acmeValidation(type, outcomeName)
  const problem = isValid ? {} : { problem: outcome.error }
  log.info(
    { challenge: id, type, identifier: identifier.value, outcome: outcomeName, ...problem },
    'challenge validated',
  )
}
