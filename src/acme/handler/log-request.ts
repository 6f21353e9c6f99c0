/** The log line and the metrics of an ACME request. */
import type { AcmeEndpoint } from '../../enrollment/endpoint.ts'
import type { ApiServices } from '../../http/protocol.ts'
import type { ConnectionInfo } from '../../http/route.ts'
import type { ProblemType } from '../problem.ts'

/** The facts about a request. The endpoint and the account are undefined until their checks have passed. */
export interface RequestTrace extends ConnectionInfo {
  readonly startedAt: number
  readonly endpointName: string
  /** Path below the endpoint, as in the table of resources. */
  readonly resource: string
  readonly id: string
  readonly origin: string | undefined
  endpoint: AcmeEndpoint | undefined
  accountId: string | undefined
  isKnown: boolean
}

interface Outcome {
  readonly status: number
  readonly problem?: ProblemType
  readonly error?: unknown
}

/**
 * Writes the log line of a request, without its body and headers, and counts the request. All unknown paths share one metric
 * label, so clients cannot create new labels.
 */
export function logRequest(
  { log, clock, services: { metrics } }: ApiServices,
  { requestId, sourceIp, startedAt, endpoint, accountId, resource, isKnown }: RequestTrace,
  { status, problem, error }: Outcome,
): void {
  const fields = {
    requestId,
    status,
    endpoint: endpoint?.name,
    resource: isKnown ? resource : undefined,
    account: accountId,
    problem,
    detail: status < 500 && error instanceof Error ? error.message : undefined,
    sourceIp,
    milliseconds: clock.now().getTime() - startedAt,
  }
  if (status < 500) log.info(fields, 'ACME request')
  else log.error({ ...fields, err: error }, 'ACME request failed')
  metrics.acmeRequest(isKnown ? resource : 'unknown', problem ?? 'success')
}
