/** newOrder: creates an order (RFC 8555 §7.4, RFC 9773 §5, draft-ietf-acme-profiles). */
import { certificateProfile } from '../../enrollment/certificate-profile.ts'
import {
  orderedAuthorizationsMax,
  orderLifetimeSeconds,
  unfinishedOrdersMax,
} from '../../enrollment/order-state.ts'
import { newResourceId } from '../../enrollment/new-id.ts'
import {
  readIdentifiers,
  type RequestedIdentifiers,
} from '../../enrollment/requested-identifiers.ts'
import { parseDate, validityFault } from '../../enrollment/requested-validity.ts'
import { ConflictError } from '../../store/database.ts'
import { requireValidAccount } from '../../store/enrollment/accounts.ts'
import { insertOrder, type AcmeOrder, type NewOrder } from '../../store/enrollment/orders.ts'
import type { Identifier } from '../../enrollment/identifier.ts'
import type { JsonObject } from '../../text/json.ts'
import { quoted } from '../../text/visible-text.ts'
import { AcmeProblem, type Subproblem } from '../problem.ts'
import type { AccountRequest, AccountResource } from '../resource.ts'
import { accountEnded } from './account.ts'
import { authorize } from './authorize.ts'
import { orderAnswer } from './order-view.ts'
import { membersOf } from './payload.ts'
import { rejectedProblem, requirePermitted } from './permitted-identifiers.ts'
import { requireReplaceable } from './replaced-certificate.ts'

export const newOrder: AccountResource = async (services, request) => {
  const { db, clock, random, metrics } = services.api.services
  const { endpoint, account, urls } = request
  const now = clock.now()
  const payload = membersOf(request)
  const identifiers = requireIdentifiers(readIdentifiers(payload['identifiers']))
  const profile = optionalText(payload, 'profile')
  const validity = requireValidity(payload, { request, profile, now })
  await requirePermitted(services, request, identifiers)
  const replacedCertificate = await requireReplaceable(services, request, {
    certificateId: optionalText(payload, 'replaces'),
    identifiers,
  })
  const { all, created } = await authorize(services, request, { identifiers, now })
  const order: NewOrder = {
    id: newResourceId(random),
    accountNumber: account.number,
    status: all.every(({ status }) => status === 'valid') ? 'ready' : 'pending',
    identifiers,
    profile,
    ...validity,
    replacedCertificate,
    authorityNumber: endpoint.authorityNumber,
    createdAt: now,
    expiresAt: expiryOf(all, now),
    authorizationIds: all.map(({ id }) => id),
  }
  await requireNoConflict(
    db.transaction([requireValidAccount(account), ...insertOrder(order, created)]),
  )
  metrics.acmeOrder('created')
  return orderAnswer(viewOf(order, all), { urls, now, httpStatus: 201 })
}

/** Returns a payload's identifiers, or throws a problem if any identifier is invalid. */
export function requireIdentifiers(requested: RequestedIdentifiers): readonly Identifier[] {
  if ('identifiers' in requested) return requested.identifiers
  if ('malformed' in requested) throw new AcmeProblem('malformed', requested.malformed)
  throw rejectedProblem(requested.faults as readonly Subproblem[])
}

function optionalText(payload: JsonObject, member: string): string | undefined {
  const value = payload[member]
  if (value === undefined || typeof value === 'string') return value
  throw new AcmeProblem('malformed', `The member ${member} must be a string.`)
}

/** Returns the requested validity. Throws a problem if the profile does not exist or does not permit the validity. */
function requireValidity(
  payload: JsonObject,
  {
    request,
    profile,
    now,
  }: { readonly request: AccountRequest; readonly profile: string | undefined; readonly now: Date },
): Pick<AcmeOrder, 'notBefore' | 'notAfter'> {
  const { configuration } = request.endpoint
  const { validitySeconds } = requireProfile(configuration, profile)
  const validity = {
    notBefore: optionalDate(payload, 'notBefore'),
    notAfter: optionalDate(payload, 'notAfter'),
  }
  const fault = validityFault(validity, { validitySeconds, now })
  if (fault !== undefined) throw new AcmeProblem('malformed', fault)
  return validity
}

/** Finds a profile. Throws `invalidProfile` if the endpoint has no such profile. */
export function requireProfile(
  configuration: AccountRequest['endpoint']['configuration'],
  profile: string | undefined,
) {
  const found = certificateProfile(configuration, profile)
  if (found !== undefined) return found
  const names = Object.keys(configuration.profiles)
  throw new AcmeProblem(
    'invalidProfile',
    `This endpoint has no profile ${quoted(profile ?? '')}. ` +
      (names.length === 0 ? 'It has no profiles.' : `Its profiles are: ${names.join(', ')}.`),
  )
}

function optionalDate(payload: JsonObject, member: string): Date | undefined {
  const value = payload[member]
  if (value === undefined) return undefined
  const date = parseDate(value)
  if (date !== undefined) return date
  throw new AcmeProblem(
    'malformed',
    `The member ${member} must be a date and time in the form of RFC 3339, such as 2030-01-31T00:00:00Z.`,
  )
}

/** An order expires no later than its authorizations. */
function expiryOf(authorizations: readonly { readonly expiresAt: Date }[], now: Date): Date {
  const times = authorizations.map(({ expiresAt }) => expiresAt.getTime())
  return new Date(Math.min(now.getTime() + orderLifetimeSeconds * 1000, ...times))
}

function viewOf(
  order: NewOrder,
  authorizations: AcmeOrder['authorizations'],
): Omit<AcmeOrder, 'number'> {
  return { ...order, error: undefined, certificate: undefined, authorizations }
}

/** Waits for the transaction that inserts an order. Throws a problem if the transaction conflicts with another request. */
async function requireNoConflict(transaction: Promise<unknown>): Promise<void> {
  try {
    await transaction
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    if (error.guard === 'quota')
      throw new AcmeProblem(
        'rateLimited',
        `The account has ${unfinishedOrdersMax} orders that are not finalized, or ${orderedAuthorizationsMax} pending authorizations. Finalize the orders, or wait until they expire.`,
        { headers: { 'retry-after': '3600' } },
      )
    if (error.guard === 'account') throw accountEnded()
    if (error.guard === 'duplicate')
      throw new AcmeProblem('alreadyReplaced', 'Another order already replaces this certificate.')
    throw error
  }
}
