/** An account: its contacts and its deactivation (RFC 8555 §7.3.2, §7.3.6). */
import { ConflictError } from '../../store/database.ts'
import { cancelOrders, updateAccount, type AcmeAccount } from '../../store/enrollment/accounts.ts'
import { recorded } from '../../store/recorded-states.ts'
import { AcmeProblem } from '../problem.ts'
import type { AccountRequest, AccountResource, AcmeServices } from '../resource.ts'
import { requireAccountChange } from './account-change-limit.ts'
import { accountAnswer, changeContext } from './account-view.ts'
import { readContacts } from './contacts.ts'
import { membersOf } from './payload.ts'

/** Returns or updates the account. Members other than `contact`, and other values of `status`, are ignored (RFC 8555 §7.3.2). */
export const account: AccountResource = async (services, request) => {
  const { account: current, payload, urls, id } = request
  if (id !== current.id)
    throw new AcmeProblem(
      'unauthorized',
      'The account in the URL must be the account that signed the request.',
    )
  const { contact, status } = payload === undefined ? {} : membersOf(request)
  const contacts = readContacts(contact) ?? current.contacts
  const updated: AcmeAccount = {
    ...current,
    contacts,
    status: status === 'deactivated' ? status : current.status,
  }
  const isSame = JSON.stringify(contacts) === JSON.stringify(current.contacts)
  const isDeactivated = updated.status !== current.status
  if (!isSame && !isDeactivated) await requireAccountChange(services, request.sourceIp)
  if (!isSame || isDeactivated) await store(services, request, updated)
  return accountAnswer(200, updated, urls)
}

async function store(
  services: AcmeServices,
  { account: before, endpoint }: AccountRequest,
  updated: AcmeAccount,
): Promise<void> {
  const canceled = updated.status === 'valid' ? [] : cancelOrders(before)
  const context = await changeContext(services, endpoint)
  try {
    const statements = [updateAccount(updated, before), ...canceled]
    await services.api.services.db.transaction(recorded(statements, context))
  } catch (error) {
    throw error instanceof ConflictError ? accountChanged() : error
  }
}

/** Creates the problem for an account that was deactivated, or deleted with its endpoint, during a request. */
export function accountEnded(): AcmeProblem {
  return new AcmeProblem('unauthorized', 'The account was deactivated or deleted.')
}

/** Creates the problem for an account whose key or status was changed by a concurrent request. */
export function accountChanged(): AcmeProblem {
  return new AcmeProblem(
    'serverInternal',
    'The account was changed by another request at the same time. Repeat the request.',
    { status: 503 },
  )
}
