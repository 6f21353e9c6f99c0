/**
 * The operations ListEnrollmentEndpoints and GetEnrollmentEndpoint. An endpoint is visible in its CA's Region, to callers that
 * have permission for the CA. AWS has no equivalent operations (decision 0055).
 */
import type { EnrollmentEndpoint, EnrollmentProtocol } from '../../enrollment/endpoint.ts'
import { resourceNotFound } from '../../errors.ts'
import { authorityOf, viewEndpointDetails } from '../../principals/endpoint-details.ts'
import { viewEndpoint } from '../../principals/endpoint-views.ts'
import type { Services } from '../../services.ts'
import { findEndpoint } from '../../store/enrollment/endpoints.ts'
import { listEndpointsInRegion } from '../../store/enrollment/listings.ts'
import type { AuthorityName } from '../../store/record-subjects.ts'
import { list, required, structure } from '../../wire/shapes/shape.ts'
import { operation, type ScopedCaller } from '../shared/operation.ts'
import { readListPage } from '../shared/read-list.ts'
import { maxResults, nextToken } from '../shared/shapes.ts'
import { endpointDetailsShape, endpointName, endpointShape, protocol } from './shapes.ts'

/** Lists the account's endpoints in the Region, sorted by protocol and name. */
export const listEnrollmentEndpoints = operation({
  name: 'ListEnrollmentEndpoints',
  actionPrefix: 'signet',
  input: structure({ Protocol: protocol, MaxResults: maxResults, NextToken: nextToken }),
  output: structure({ NextToken: nextToken, Endpoints: list(endpointShape) }),
  errors: ['InvalidNextTokenException'],
  resource: () => undefined,
  async run(services, input, caller) {
    const { db } = services
    const { accountId, region } = caller
    const filter = { accountId, region, protocol: input.Protocol && protocolOf(input.Protocol) }
    const { rows, more } = await readListPage(services, input, {
      operation: 'ListEnrollmentEndpoints',
      filter: input.Protocol ?? '',
      caller,
      parsePosition(text) {
        const [ofProtocol = '', name = ''] = text.split(' ')
        return { protocol: ofProtocol as EnrollmentProtocol, name }
      },
      read: (page) => listEndpointsInRegion(db, filter, page),
      positionOf: ({ protocol: ofProtocol, name }) => `${ofProtocol} ${name}`,
    })
    const hidden = await caller.hiddenAuthorities?.()
    const visible = rows.filter(({ authorityNumber }) => hidden?.has(authorityNumber) !== true)
    const views = visible.map(async (endpoint) =>
      viewEndpoint(endpoint, await authorityOf(db, endpoint)),
    )
    return { ...more, Endpoints: await Promise.all(views) }
  },
})

/** Returns an endpoint with its keys or passwords, but without secrets. */
export const getEnrollmentEndpoint = operation({
  name: 'GetEnrollmentEndpoint',
  actionPrefix: 'signet',
  input: structure({ Protocol: required(protocol), Name: required(endpointName) }),
  output: structure({ Endpoint: endpointDetailsShape }),
  errors: ['ResourceNotFoundException'],
  resource: () => undefined,
  async run({ db, clock }, input, caller) {
    const name = { protocol: protocolOf(input.Protocol), name: input.Name }
    const { endpoint, authority } = await requireVisibleEndpoint(db, caller, name)
    const now = clock.now()
    return { Endpoint: await viewEndpointDetails(db, endpoint, { authority, now }) }
  },
})

function protocolOf(text: 'ACME' | 'EST'): EnrollmentProtocol {
  return text === 'ACME' ? 'acme' : 'est'
}

/**
 * Finds an enrollment endpoint. Throws ResourceNotFoundException if the endpoint does not exist, if it is in another account or
 * Region, or if the caller has no permission for its CA.
 */
export async function requireVisibleEndpoint(
  db: Services['db'],
  caller: ScopedCaller,
  { protocol: ofProtocol, name }: Pick<EnrollmentEndpoint, 'protocol' | 'name'>,
): Promise<{ readonly endpoint: EnrollmentEndpoint; readonly authority: AuthorityName }> {
  const endpoint = await findEndpoint(db, ofProtocol, name)
  const authority = endpoint && (await authorityOf(db, endpoint))
  const isHere =
    authority?.accountId === caller.accountId &&
    authority.region === caller.region &&
    authority.partition === caller.partition
  if (endpoint === undefined || !isHere || (await isHidden(caller, authority.number)))
    throw resourceNotFound(
      `The account has no ${ofProtocol.toUpperCase()} endpoint ${name} in the Region ${caller.region}.`,
    )
  return { endpoint, authority }
}

async function isHidden(
  { hiddenAuthorities }: ScopedCaller,
  authorityNumber: number,
): Promise<boolean> {
  return (await hiddenAuthorities?.())?.has(authorityNumber) === true
}
