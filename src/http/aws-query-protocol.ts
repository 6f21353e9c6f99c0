/** The Security Token Service, in the AWS Query protocol: a form, in the body or in the query, and XML. */
import { findStsOperation } from '../sts/index.ts'
import { stsNamespace } from '../sts/sts-operation.ts'
import { QueryError, renderQueryError } from '../wire/query-errors.ts'
import { hasParameter, MalformedQuery } from '../wire/sigv4/canonical.ts'
import type { RawRequest } from '../wire/sigv4/request.ts'
import {
  countFailures,
  isRoot,
  requireCaller,
  throttled,
  type ApiServices,
  type Protocol,
  type OperationResult,
  type RequestContext,
} from './protocol.ts'
import {
  membersOfForm,
  membersOfQuery,
  isFormMediaType,
  type QueryMembers,
} from './body/members.ts'

const version = '2011-06-15'

/** Whether a request is in this protocol: a form without a target, or a query that names an action. Never throws. */
export function isQueryRequest(
  { method, headers, query, path }: Pick<RawRequest, 'method' | 'headers' | 'query' | 'path'>,
  basePath: string,
): boolean {
  if (headers.has('x-amz-target') || !isRoot(path, basePath)) return false
  if (method === 'POST' && isFormMediaType(headers.get('content-type'))) return true
  return (method === 'GET' || method === 'POST') && hasParameter(query, 'Action')
}

export const awsQueryProtocol: Protocol = {
  eventSource: 'sts.amazonaws.com',
  mediaType: 'text/xml',
  serve,
  refuse: (error, requestId) => renderQueryError(error, { namespace: stsNamespace, requestId }),
}

async function serve(
  api: ApiServices,
  request: RawRequest,
  trail: RequestContext,
): Promise<OperationResult> {
  const parameters = readParameters(request)
  const name = parameters.get('Action')
  if (!name)
    throw new QueryError(
      'MissingAction',
      'The request is missing an action or a required parameter.',
    )
  const operation = findStsOperation(name)
  const asked = parameters.get('Version') ?? ''
  if (operation === undefined || asked !== version)
    throw new QueryError(
      'InvalidAction',
      `Could not find operation ${name.slice(0, 64)} for version ${asked.slice(0, 64) || 'NO_VERSION_SPECIFIED'}`,
    )
  trail.operation = name
  const caller = operation.signed
    ? await requireCaller(api, request, { service: 'sts', trail })
    : undefined
  const call = operation.accept(parameters)
  trail.input = call.input
  const { services, sessions, issuerKeys } = api
  const { db, clock, random } = services
  const { sourceIp, isSecure } = trail
  const run = (): Promise<object> =>
    call.run({ db, clock, random, sessions, issuerKeys }, { caller, sourceIp, isSecure })
  const output = await (operation.signed ? run() : proveByToken(api, trail, run))
  return { output, body: (requestId) => operation.answer(output, requestId) }
}

/** A token proves who brings it, or fails to, as a signature does. */
async function proveByToken<T>(
  api: ApiServices,
  trail: RequestContext,
  run: () => Promise<T>,
): Promise<T> {
  if (!api.failureLimiter.isAllowed(trail.sourceIp, '')) throw throttled()
  api.callLog?.requireWritable()
  return countFailures(api, trail, run)
}

/** Those in the body if it is a form with anything in it, otherwise those in the query. */
function readParameters(request: RawRequest): QueryMembers {
  const { body, query, headers } = request
  const isForm = isFormMediaType(headers.get('content-type')) && body.length > 0
  try {
    return isForm ? membersOfForm(request) : membersOfQuery(query)
  } catch (error) {
    if (error instanceof MalformedQuery) throw new QueryError('MalformedQueryString', error.message)
    throw error
  }
}
