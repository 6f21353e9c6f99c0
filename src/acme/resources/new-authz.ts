/** newAuthz: creates an authorization that does not belong to an order yet (RFC 8555 §7.4.1). */
import { isWildcard } from '../../enrollment/identifier.ts'
import { pendingAuthorizationsMax } from '../../enrollment/order-state.ts'
import { readIdentifiers } from '../../enrollment/requested-identifiers.ts'
import { ConflictError, type Database } from '../../store/database.ts'
import { requireValidAccount, type AcmeAccount } from '../../store/enrollment/accounts.ts'
import {
  findAuthorization,
  insertAuthorization,
  requirePendingBelowMax,
  type NewAuthorization,
} from '../../store/enrollment/authorizations.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountResource } from '../resource.ts'
import { accountEnded } from './account.ts'
import { authorizationAnswer } from './authorization-view.ts'
import { authorize } from './authorize.ts'
import { requireIdentifiers } from './new-order.ts'
import { membersOf } from './payload.ts'
import { requirePermitted } from './permitted-identifiers.ts'

export const newAuthz: AccountResource = async (services, request) => {
  const { db, clock } = services.api.services
  const { account, urls } = request
  const now = clock.now()
  const { identifier } = membersOf(request)
  if (identifier === undefined)
    throw new AcmeProblem(
      'malformed',
      'The member identifier is missing. It must be the identifier to authorize.',
    )
  const identifiers = requireIdentifiers(readIdentifiers([identifier]))
  if (identifiers.some(isWildcard))
    throw new AcmeProblem(
      'malformed',
      'The member identifier must not be a wildcard. An order authorizes a wildcard (RFC 8555, section 7.4.1).',
    )
  await requirePermitted(services, request, identifiers)
  const { all, created } = await authorize(services, request, { identifiers, now })
  if (created.length > 0) await commit(db, account, created)
  const [{ id } = { id: '' }] = all
  const authorization = await findAuthorization(db, { accountNumber: account.number, id })
  if (authorization === undefined) throw new Error('the authorization was not stored')
  return authorizationAnswer(authorization, { urls, now, httpStatus: 201 })
}

async function commit(
  db: Pick<Database, 'transaction'>,
  account: AcmeAccount,
  created: readonly NewAuthorization[],
): Promise<void> {
  try {
    await db.transaction([
      requireValidAccount(account),
      ...created.flatMap((each) => [requirePendingBelowMax(each), ...insertAuthorization(each)]),
    ])
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (error.guard === 'account') throw accountEnded()
    if (error.guard !== 'quota') throw error
    throw new AcmeProblem(
      'rateLimited',
      `The account has ${pendingAuthorizationsMax} pending authorizations. Complete or deactivate them, or wait until they expire.`,
      { headers: { 'retry-after': '3600' } },
    )
  }
}
