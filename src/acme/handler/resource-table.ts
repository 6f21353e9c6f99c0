/** The resources of an ACME endpoint (RFC 8555 §7.1), by their paths below the endpoint. */
import type { AddressLimiter } from '../requests/address-limiter.ts'
import type { SignerKind } from '../requests/verify-request.ts'
import type { AccountResource, KeyResource, SignedResource, UnsignedResource } from '../resource.ts'
import { account } from '../resources/account.ts'
import { directory, newNonce } from '../resources/directory.ts'
import { keyChange } from '../resources/key-change.ts'
import { createNewAccount } from '../resources/new-account.ts'

/** A resource that answers GET and HEAD requests, which have no signature. */
interface UnsignedRow {
  readonly signer: 'none'
  readonly answer: UnsignedResource
}

/** The payload of requests: empty (POST-as-GET), a JSON object, or either of them. */
export type PayloadKind = 'empty' | 'object' | 'either'

/** A resource that answers signed POST requests. */
interface SignedRow {
  readonly signer: SignerKind
  readonly payload: PayloadKind
  readonly answer: SignedResource
}

export type ResourceRow = UnsignedRow | SignedRow

/** Returns the table. `newAccounts` limits the new accounts of source addresses. `ID` stands for the last part of a path. */
export function resourceTable(newAccounts: AddressLimiter): Readonly<Record<string, ResourceRow>> {
  return {
    directory: unsigned(directory),
    'new-nonce': unsigned(newNonce),
    'new-account': byKey('object', createNewAccount(newAccounts)),
    'account/ID': byAccount('either', account),
    'key-change': byAccount('object', keyChange),
  }
}

function unsigned(answer: UnsignedResource): UnsignedRow {
  return { signer: 'none', answer }
}

function byAccount(payload: PayloadKind, answer: AccountResource): SignedRow {
  return {
    signer: 'account',
    payload,
    answer(services, request) {
      if (!('account' in request)) throw new Error('an account must have signed the request')
      return answer(services, request)
    },
  }
}

function byKey(payload: PayloadKind, answer: KeyResource): SignedRow {
  return {
    signer: 'key',
    payload,
    answer(services, request) {
      if (!('key' in request)) throw new Error('a key must have signed the request')
      return answer(services, request)
    },
  }
}
