/** Replacement of an account's key (RFC 8555 §7.3.5): the old key signs a JWS that the new key has signed. */
import { ConflictError } from '../../store/database.ts'
import { findAccountByKey, updateAccount } from '../../store/enrollment/accounts.ts'
import { recorded } from '../../store/recorded-states.ts'
import { isObject } from '../../text/json.ts'
import { AcmeProblem } from '../problem.ts'
import {
  readAccountKey,
  requireAlgorithm,
  requireCompositeModulus,
  requireSignature,
  requireStrongKey,
} from '../requests/account-key.ts'
import { decodeJws, requireUrl } from '../requests/jws.ts'
import { malformed, parseJsonObject } from '../requests/parse-json.ts'
import type {
  AccountKey,
  AccountRequest,
  AccountResource,
  AcmeAnswer,
  AcmeServices,
} from '../resource.ts'
import { accountChanged } from './account.ts'
import { accountAnswer, changeContext } from './account-view.ts'
import { requireAccountChange } from './account-change-limit.ts'
import { membersOf } from './payload.ts'

const name = 'inner JWS'

export const keyChange: AccountResource = async (services, request) =>
  replaceKey(services, request, await readNewKey(services, request))

async function replaceKey(
  services: AcmeServices,
  request: AccountRequest,
  key: AccountKey,
): Promise<AcmeAnswer> {
  const { db } = services.api.services
  const { account, endpoint, urls } = request
  const owner = { endpointName: endpoint.name, keyThumbprint: key.keyThumbprint }
  const other = await findAccountByKey(db, owner)
  if (other !== undefined) throw keyInUse(urls.account(other.id))
  const updated = { ...account, ...key }
  const context = await changeContext(services, endpoint)
  try {
    await db.transaction(recorded([updateAccount(updated, account)], context))
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    const winner = await findAccountByKey(db, owner)
    throw winner === undefined ? accountChanged() : keyInUse(urls.account(winner.id))
  }
  return accountAnswer(200, updated, urls)
}

/** Checks the inner JWS, and returns the key that signed it. */
async function readNewKey(services: AcmeServices, request: AccountRequest): Promise<AccountKey> {
  const { account, urls, sourceIp } = request
  const jws = decodeJws(membersOf(request), name)
  requireAlgorithm(jws)
  const { jwk, kid, nonce } = jws.header
  if (kid !== undefined || !isObject(jwk))
    throw malformed(
      `The protected header of the ${name} must have jwk, the new public key, and not kid.`,
    )
  if (nonce !== undefined)
    throw malformed(`The protected header of the ${name} must not have a nonce.`)
  requireUrl(jws.header, urls.keyChange, name)
  const key = readAccountKey(jwk)
  const { issuancePolicy } = services.api.services
  requireStrongKey(key, issuancePolicy)
  requireSignature(jws, key, name)
  const change = parseJsonObject(jws.payload, `payload of the ${name}`)
  if (change['account'] !== urls.account(account.id))
    throw malformed(
      `The member account of the ${name} must be ${urls.account(account.id)}, the URL of the account.`,
    )
  const { oldKey } = change
  if (!isObject(oldKey) || readAccountKey(oldKey).keyThumbprint !== account.keyThumbprint)
    throw malformed(
      `The member oldKey of the ${name} must be the current public key of the account.`,
    )
  await requireAccountChange(services, sourceIp)
  await requireCompositeModulus(key, issuancePolicy)
  return key
}

function keyInUse(accountUrl: string): AcmeProblem {
  return new AcmeProblem('malformed', `The new key already belongs to the account ${accountUrl}.`, {
    status: 409,
    headers: { location: accountUrl },
  })
}
