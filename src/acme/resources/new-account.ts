/** Creation of accounts, and lookup of an account by its key (RFC 8555 §7.3). */
import { newResourceId } from '../../enrollment/new-id.ts'
import { ConflictError } from '../../store/database.ts'
import { findAccountByKey, insertAccount } from '../../store/enrollment/accounts.ts'
import { useBindingKey, type BindingKey } from '../../store/enrollment/binding-keys.ts'
import { requireEndpoint, requireUnchangedEndpoint } from '../../store/enrollment/endpoints.ts'
import { recorded } from '../../store/recorded-states.ts'
import { AcmeProblem } from '../problem.ts'
import { requireCompositeModulus } from '../requests/account-key.ts'
import { readBinding, unusableKey } from '../requests/external-account-binding.ts'
import { malformed } from '../requests/parse-json.ts'
import { requireValid } from '../requests/verify-request.ts'
import type { AcmeAnswer, AcmeServices, KeyRequest, KeyResource } from '../resource.ts'
import { accountAnswer, changeContext } from './account-view.ts'
import { readContacts } from './contacts.ts'
import { requireAccountChange } from './account-change-limit.ts'
import { membersOf } from './payload.ts'

export const newAccount: KeyResource = async (services, request) => {
  const payload = membersOf(request)
  const { onlyReturnExisting = false } = payload
  if (typeof onlyReturnExisting !== 'boolean')
    throw malformed('The member onlyReturnExisting must be true or false.')
  const existing = await answerExisting(services, request)
  if (existing !== undefined) return existing
  if (onlyReturnExisting)
    throw new AcmeProblem(
      'accountDoesNotExist',
      'No account of this endpoint has the key that signed the request. Create an account without onlyReturnExisting.',
    )
  const contacts = readContacts(payload['contact']) ?? []
  await requireAccountChange(services, request.sourceIp)
  return create(services, request, contacts)
}

async function answerExisting(
  { api }: AcmeServices,
  { endpoint, key, urls }: KeyRequest,
): Promise<AcmeAnswer | undefined> {
  const { keyThumbprint } = key
  const account = await findAccountByKey(api.services.db, {
    endpointName: endpoint.name,
    keyThumbprint,
  })
  if (account === undefined) return undefined
  requireValid(account)
  return accountAnswer(200, account, urls)
}

async function create(
  services: AcmeServices,
  request: KeyRequest,
  contacts: readonly string[],
): Promise<AcmeAnswer> {
  const { db, clock, random, issuancePolicy } = services.api.services
  const { endpoint, urls, key } = request
  const now = clock.now()
  const binding = await readBinding({ db, sealers: services.sealers }, membersOf(request), {
    endpoint,
    url: urls.newAccount,
    accountKey: key,
    now,
  })
  await requireCompositeModulus(key, issuancePolicy)
  const account = {
    ...key,
    id: newResourceId(random),
    endpointName: endpoint.name,
    contacts,
    status: 'valid',
    bindingKeyId: binding?.keyId,
    createdAt: now,
  } as const
  const statements = [
    requireEndpoint(endpoint),
    requireUnchangedEndpoint(endpoint),
    insertAccount(account),
    ...(binding === undefined ? [] : [useBindingKey(binding, now)]),
  ]
  const context = await changeContext(services, endpoint)
  try {
    await db.transaction(recorded(statements, context))
  } catch (error) {
    return answerConflict(services, request, { error, binding })
  }
  return accountAnswer(201, account, urls)
}

/** A concurrent request may have created an account with the same key, or used the EAB key. */
async function answerConflict(
  services: AcmeServices,
  request: KeyRequest,
  { error, binding }: { readonly error: unknown; readonly binding: BindingKey | undefined },
): Promise<AcmeAnswer> {
  if (!(error instanceof ConflictError)) throw error
  if (error.guard === 'in-use' && binding !== undefined)
    throw unusableKey(binding.keyId, 'was used for another account, or deleted')
  if (error.guard === 'endpoint')
    throw new AcmeProblem('malformed', 'The ACME endpoint was deleted.', { status: 404 })
  if (error.guard === 'revision')
    throw new AcmeProblem(
      'serverInternal',
      'The ACME endpoint was changed by an administrator at the same time. Repeat the request.',
      { status: 503, headers: { 'retry-after': '1' } },
    )
  const existing = await answerExisting(services, request)
  if (existing === undefined) throw error
  return existing
}
