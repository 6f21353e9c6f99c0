/** The resources of an ACME endpoint (RFC 8555 §7.1), by their paths below the endpoint. */
import type { SignerKind } from '../requests/verify-request.ts'
import type { AccountResource, KeyResource, SignedResource, UnsignedResource } from '../resource.ts'
import { account } from '../resources/account.ts'
import { authorization } from '../resources/authorization.ts'
import { certificate } from '../resources/certificate.ts'
import { challenge } from '../resources/challenge.ts'
import { directory, newNonce } from '../resources/directory.ts'
import { finalize } from '../resources/finalize.ts'
import { keyChange } from '../resources/key-change.ts'
import { newAccount } from '../resources/new-account.ts'
import { newAuthz } from '../resources/new-authz.ts'
import { newOrder } from '../resources/new-order.ts'
import { order } from '../resources/order.ts'
import { orders } from '../resources/orders.ts'
import { renewalInfo } from '../resources/renewal-info.ts'
import { revokeCert } from '../resources/revoke-cert.ts'

/** A resource that answers GET and HEAD requests, which have no signature. */
interface UnsignedRow {
  readonly signer: 'none'
  readonly answer: UnsignedResource
}

/** The payload of requests: empty (POST-as-GET), a JSON object, or either. */
export type PayloadKind = 'empty' | 'object' | 'either'

/** A resource that answers signed POST requests. */
interface SignedRow {
  readonly signer: SignerKind
  readonly payload: PayloadKind
  readonly answer: SignedResource
}

export type ResourceRow = UnsignedRow | SignedRow

/** The table. `ID` stands for the last part of a path. */
export const resources: Readonly<Record<string, ResourceRow>> = {
  directory: unsigned(directory),
  'new-nonce': unsigned(newNonce),
  'new-account': byKey('object', newAccount),
  'account/ID': byAccount('either', account),
  'key-change': byAccount('object', keyChange),
  'new-order': byAccount('object', newOrder),
  'order/ID': byAccount('empty', order),
  'orders/ID': byAccount('empty', orders),
  'finalize/ID': byAccount('object', finalize),
  'certificate/ID': byAccount('empty', certificate),
  'new-authz': byAccount('object', newAuthz),
  'authz/ID': byAccount('either', authorization),
  'challenge/ID': byAccount('either', challenge),
  'revoke-cert': { signer: 'either', payload: 'object', answer: revokeCert },
  'renewal-info/ID': unsigned(renewalInfo),
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
