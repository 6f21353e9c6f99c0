/** Account objects in responses (RFC 8555 §7.1.2), and the actor that the record names for account changes. */
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import { endpointArn } from '../../identity/principal-arn.ts'
import { findAuthorityByNumber } from '../../store/authorities.ts'
import type { AcmeAccount } from '../../store/enrollment/accounts.ts'
import type { ChangeContext } from '../../store/recorded-states.ts'
import type { AcmeAnswer, AcmeServices } from '../resource.ts'
import type { EndpointUrls } from '../urls.ts'

export function accountAnswer(
  status: number,
  { id, status: accountStatus, contacts }: Pick<AcmeAccount, 'id' | 'status' | 'contacts'>,
  urls: EndpointUrls,
): AcmeAnswer {
  return {
    status,
    headers: { location: urls.account(id) },
    body: { status: accountStatus, contact: contacts, orders: urls.orders(id) },
  }
}

/**
 * Returns the context for the record's leaves. The principal is the endpoint, as for certificates that accounts order. The
 * account's ID is the key of the changed row, so the leaf contains it already.
 */
export async function changeContext(
  { api: { services } }: AcmeServices,
  { authorityNumber, protocol, name }: AcmeEndpoint,
): Promise<ChangeContext> {
  const authority = await findAuthorityByNumber(services.db, authorityNumber)
  const principal = authority && endpointArn(authority, { protocol, name })
  return { time: services.clock.now(), actor: { principal } }
}
