/** An enrollment endpoint as the principal of a simulation. */
import { endpointCaller } from '../../enrollment/endpoint-caller.ts'
import type { EnrollmentEndpoint, EnrollmentProtocol } from '../../enrollment/endpoint.ts'
import { resourceNotFound } from '../../errors.ts'
import type { Caller } from '../../identity/caller.ts'
import { authorityOf } from '../../principals/endpoint-details.ts'
import type { Database } from '../../store/database.ts'
import { findAuthorityName, type AuthorityName } from '../../store/record-subjects.ts'
import { findEndpoint } from '../../store/enrollment/endpoints.ts'
import { listFormerIssuers } from '../../store/enrollment/issuers.ts'
import { parseArn } from '../../wire/arn.ts'

const resourceForm = /^(acme|est)\/([a-z0-9-]{1,64})$/

/** An endpoint's name, with the partition, Region and account in its ARN. */
export interface EndpointPrincipal {
  readonly partition: string
  readonly region: string
  readonly accountId: string
  readonly protocol: EnrollmentProtocol
  readonly name: string
}

/** Parses an endpoint's ARN. Returns undefined for any other text. */
export function parseEndpointArn(text: string): EndpointPrincipal | undefined {
  const arn = parseArn(text)
  const [, protocol, name] = resourceForm.exec(arn?.resource ?? '') ?? []
  if (arn?.service !== 'signet' || protocol === undefined || name === undefined) return undefined
  const { partition, region, accountId } = arn
  return { partition, region, accountId, protocol: protocol as EnrollmentProtocol, name }
}

/** Returns an enrollment endpoint as a caller. Throws ResourceNotFoundException if the endpoint does not exist. */
export async function callerOfEndpoint(
  db: Database,
  { partition, region, accountId, protocol, name }: EndpointPrincipal,
): Promise<Caller> {
  const endpoint = await findEndpoint(db, protocol, name)
  const authority = endpoint && (await authorityOf(db, endpoint))
  const isSame =
    authority?.accountId === accountId &&
    authority.region === region &&
    authority.partition === partition
  if (endpoint !== undefined && isSame)
    return endpointCaller(endpoint, authority, await formerIssuersOf(db, endpoint))
  throw resourceNotFound(
    `Account ${accountId} has no ${protocol.toUpperCase()} endpoint ${name} in the Region ${region}.`,
  )
}

async function formerIssuersOf(
  db: Database,
  endpoint: EnrollmentEndpoint,
): Promise<AuthorityName[]> {
  if (endpoint.protocol === 'est') return []
  const numbers = await listFormerIssuers(db, endpoint)
  const names = await Promise.all(numbers.map((number) => findAuthorityName(db, { number })))
  return names.filter((name) => name !== undefined)
}
