/** Reads an authorization with POST-as-GET, or deactivates it with `{"status": "deactivated"}` (RFC 8555 §7.5 and §7.5.2). */
import { authorizationStatus } from '../../enrollment/order-state.ts'
import { ConflictError } from '../../store/database.ts'
import {
  deactivateAuthorization,
  findAuthorization,
  type AcmeAuthorization,
} from '../../store/enrollment/authorizations.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountRequest, AccountResource, AcmeServices } from '../resource.ts'
import { authorizationAnswer } from './authorization-view.ts'
import { notFound, membersOf } from './payload.ts'

export const authorization: AccountResource = async (services, request) => {
  const { urls, payload } = request
  const now = services.api.services.clock.now()
  const found = await requireAuthorization(services, request)
  if (payload === undefined) return authorizationAnswer(found, { urls, now })
  if (membersOf(request)['status'] !== 'deactivated')
    throw new AcmeProblem(
      'malformed',
      'The payload must be {"status": "deactivated"} to deactivate the authorization, or empty to read it.',
    )
  const status = authorizationStatus(found, now)
  if (status === 'deactivated') return authorizationAnswer(found, { urls, now })
  if (status !== 'pending' && status !== 'valid')
    throw new AcmeProblem(
      'malformed',
      `The authorization is ${status}. Only a pending or valid authorization can be deactivated.`,
    )
  await deactivate(services, found)
  return authorizationAnswer(await requireAuthorization(services, request), { urls, now })
}

/** Deactivates the authorization, even if its validation ends at the same time. */
async function deactivate(services: AcmeServices, found: AcmeAuthorization): Promise<void> {
  const { db } = services.api.services
  try {
    await db.transaction([deactivateAuthorization(found)])
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const { accountNumber, id } = found
    const current = await findAuthorization(db, { accountNumber, id })
    if (current?.status === 'pending' || current?.status === 'valid')
      await db.transaction([deactivateAuthorization(current)])
  }
}

async function requireAuthorization(
  { api }: AcmeServices,
  { account, id }: AccountRequest,
): Promise<AcmeAuthorization> {
  const found = await findAuthorization(api.services.db, { accountNumber: account.number, id })
  if (found === undefined) throw notFound('authorization')
  return found
}
