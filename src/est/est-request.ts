/** The input of an EST endpoint's operations. */
import type { Authority } from '../authority/authority.ts'
import type { EstEndpoint } from '../enrollment/endpoint.ts'
import type { ApiServices } from '../http/protocol.ts'
import type { HttpRequest } from '../http/request.ts'
import type { ConnectionInfo } from '../http/route.ts'

export interface EstServices {
  /** The API pipeline that issues and reads certificates. */
  readonly api: ApiServices
}

export interface EstRequest {
  readonly endpoint: EstEndpoint
  /** The CA of the endpoint. */
  readonly authority: Authority
  readonly request: HttpRequest
  readonly connection: ConnectionInfo
  /** Receives each accepted credential, for the request's log line. */
  readonly noteClient: (client: string) => void
}
