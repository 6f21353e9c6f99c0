/** What the resources of an ACME endpoint receive and return. */
import type { AcmeEndpoint } from '../enrollment/endpoint.ts'
import type { ApiServices } from '../http/protocol.ts'
import type { AcmeAccount } from '../store/enrollment/accounts.ts'
import type { SealerRing } from '../sealer.ts'
import type { EndpointUrls } from './urls.ts'

export interface AcmeServices {
  /** The pipeline of the API, through which certificates are issued, revoked and read; with `services`. */
  readonly api: ApiServices
  /** Sealers of the keys for external account binding. */
  readonly sealers: SealerRing
}

/** A request whose nonce, URL and signature have been verified. */
export interface AcmeRequest {
  readonly endpoint: AcmeEndpoint
  readonly urls: EndpointUrls
  /** The part of the path after the resource's name, such as the ID of an order; empty if there is none. */
  readonly id: string
  /** The decoded payload; undefined for POST-as-GET, whose payload is empty (RFC 8555 §6.3). */
  readonly payload: unknown
  readonly requestId: string
  readonly sourceIp: string | undefined
  readonly userAgent: string | undefined
}

/** A request that an account has signed. The account is valid. */
export interface AccountRequest extends AcmeRequest {
  readonly account: AcmeAccount
}

export interface AcmeAnswer {
  readonly status: number
  /** `location`, `link`, `retry-after`, `content-type`. The nonce and the link to the directory are added to every response. */
  readonly headers?: Readonly<Record<string, string>>
  /** Members of a JSON document, a text with its own content type, or undefined for an empty body. */
  readonly body: object | string | undefined
}

export type AccountResource = (
  services: AcmeServices,
  request: AccountRequest,
) => Promise<AcmeAnswer>
