/** The CA of an endpoint, and calls of API operations as the endpoint. */
import type { Authority } from '../../authority/authority.ts'
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import { endpointCaller, formerIssuerCaller } from '../../enrollment/endpoint-caller.ts'
import type { CallOrigin } from '../../http/run-operation.ts'
import { findAuthorityByNumber } from '../../store/authorities.ts'
import { certificateAuthorityArn } from '../../wire/arn.ts'
import { storable, type StorableText } from '../../text/storable-text.ts'
import { AcmeProblem } from '../problem.ts'
import type { AcmeRequest, AcmeServices } from '../resource.ts'

export interface EndpointAuthority {
  readonly authority: Authority
  readonly arn: StorableText
}

/** Returns the CA of an endpoint. Throws a problem if the CA is permanently deleted. */
export async function readEndpointAuthority(
  { api }: Pick<AcmeServices, 'api'>,
  { authorityNumber, name }: Pick<AcmeEndpoint, 'authorityNumber' | 'name'>,
): Promise<EndpointAuthority> {
  const authority = await findAuthorityByNumber(api.services.db, authorityNumber)
  if (authority === undefined)
    throw new AcmeProblem(
      'serverInternal',
      `The certificate authority of endpoint ${name} does not exist.`,
    )
  return endpointAuthority(authority)
}

export function endpointAuthority(authority: Authority): EndpointAuthority {
  return { authority, arn: storable(certificateAuthorityArn(authority)) }
}

/** Returns the origin of API calls in which the endpoint uses its CA or a former issuer. */
export function callOrigin(request: AcmeRequest, { authority }: EndpointAuthority): CallOrigin {
  const { endpoint, requestId, sourceIp, userAgent } = request
  const callerOf =
    authority.number === endpoint.authorityNumber ? endpointCaller : formerIssuerCaller
  return { caller: callerOf(endpoint, authority), requestId, sourceIp, userAgent }
}
