/** A challenge: a POST with a JSON object requests validation, and POST-as-GET reads the challenge (RFC 8555 §7.5.1). */
import { authorizationStatus, validationsMax } from '../../enrollment/order-state.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import {
  findAuthorizationOfChallenge,
  requestValidation,
  requireValidationsBelowMax,
  type AcmeAuthorization,
  type AcmeChallenge,
} from '../../store/enrollment/authorizations.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountRequest, AccountResource, AcmeServices } from '../resource.ts'
import { challengeAnswer } from './authorization-view.ts'
import { notFound } from './payload.ts'

export const challenge: AccountResource = async (services, request) => {
  const { db, clock, wake } = services.api.services
  const { urls, payload, endpoint } = request
  const found = await requireChallenge(services, request)
  if (payload === undefined) return challengeAnswer(found.challenge, found.authorization, { urls })
  // The payload's members are ignored (RFC 8555 §7.5.1). A client may request the validation more than once.
  if (found.challenge.status !== 'pending')
    return challengeAnswer(found.challenge, found.authorization, { urls })
  const now = clock.now()
  const status = authorizationStatus(found.authorization, now)
  if (status !== 'pending')
    throw new AcmeProblem(
      'malformed',
      `The authorization of the challenge is ${status}. Only challenges of pending authorizations are validated.`,
    )
  const { type } = found.challenge
  if (!endpoint.configuration.challenges.includes(type))
    throw new AcmeProblem(
      'malformed',
      `This endpoint no longer offers ${type}. Complete another challenge of the authorization, or create a new order.`,
    )
  await startValidation(db, found, now)
  wake('validate-challenges')
  const current = await requireChallenge(services, request)
  return challengeAnswer(current.challenge, current.authorization, { urls })
}

async function startValidation(
  db: Database,
  { challenge: pending, authorization }: FoundChallenge,
  now: Date,
): Promise<void> {
  try {
    await db.transaction([
      requireValidationsBelowMax(authorization),
      requestValidation(pending, now),
    ])
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    throw new AcmeProblem(
      'rateLimited',
      `The account has ${validationsMax} challenges that are being validated. Wait until some of them are finished.`,
      { headers: { 'retry-after': '10' } },
    )
  }
}

interface FoundChallenge {
  readonly challenge: AcmeChallenge
  readonly authorization: AcmeAuthorization
}

async function requireChallenge(
  { api }: AcmeServices,
  { account, id }: AccountRequest,
): Promise<FoundChallenge> {
  const owner = { accountNumber: account.number, challengeId: id }
  const authorization = await findAuthorizationOfChallenge(api.services.db, owner)
  const found = authorization?.challenges.find((each) => each.id === id)
  if (authorization === undefined || found === undefined) throw notFound('challenge')
  return { challenge: found, authorization }
}
