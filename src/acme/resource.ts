/** Services, requests and responses for an ACME endpoint's resources. */
import type { AddressLimiter } from '../access/address-limiter.ts'
import type { AcmeEndpoint } from '../enrollment/endpoint.ts'
import type { ApiServices } from '../http/protocol.ts'
import type { AcmeAccount } from '../store/enrollment/accounts.ts'
import type { Authenticator, SealerRing } from '../sealer.ts'
import type { EndpointUrls } from './urls.ts'

export interface AcmeServices {
  /** The API pipeline that issues, revokes and reads certificates, and its `services`. */
  readonly api: ApiServices
  /** Sealers that encrypt the keys for external account binding. */
  readonly sealers: SealerRing
  /** Authenticator of nonces. The authenticator's keys stay the same when the master key is rotated. */
  readonly nonceAuthenticator: Authenticator
  /** Counts new accounts, key changes and contact changes by source address, across all of the server's processes. */
  readonly accountChanges: AddressLimiter
}

/** A public key that signs requests. */
export interface AccountKey {
  /** The key as JSON: a JWK with only the members that its thumbprint covers, in lexicographic order. */
  readonly publicKey: string
  /** SHA-256 of `publicKey` in base64url (RFC 7638). */
  readonly keyThumbprint: string
}

/** The account or the key that signed a request. The account's status is `valid`. */
export type Signer = { readonly account: AcmeAccount } | { readonly key: AccountKey }

/** A request without a signature. */
export interface UnsignedRequest extends Omit<AcmeRequest, 'payload'> {
  /** `GET` or `HEAD`. */
  readonly method: string
}

/** A request whose nonce, URL and signature have been verified. */
export interface AcmeRequest {
  readonly endpoint: AcmeEndpoint
  readonly urls: EndpointUrls
  /** The part of the path after the resource's name, such as the ID of an order; empty if there is none. */
  readonly id: string
  /** The decoded payload, a JSON object; undefined for POST-as-GET, whose payload is empty (RFC 8555 §6.3). */
  readonly payload: unknown
  readonly requestId: string
  readonly sourceIp: string | undefined
  readonly userAgent: string | undefined
}

/** A request that an account has signed. The account is valid. */
export interface AccountRequest extends AcmeRequest {
  readonly account: AcmeAccount
}

/** A request whose key does not necessarily belong to an account. */
export interface KeyRequest extends AcmeRequest {
  readonly key: AccountKey
}

export interface AcmeAnswer {
  readonly status: number
  /** `location`, `link`, `retry-after`, `content-type`. The nonce and the link to the directory are added to every response. */
  readonly headers?: Readonly<Record<string, string>>
  /** Members of a JSON document, a text with its own content type, or undefined for an empty body. */
  readonly body: object | string | undefined
}

type ResourceOf<Request> = (services: AcmeServices, request: Request) => Promise<AcmeAnswer>

export type AccountResource = ResourceOf<AccountRequest>
export type KeyResource = ResourceOf<KeyRequest>
export type SignedResource = ResourceOf<AcmeRequest & Signer>
export type UnsignedResource = ResourceOf<UnsignedRequest>
