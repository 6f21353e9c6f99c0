/**
 * AWS Private CA, in AWS JSON 1.1, in the order of checks of AWS's front end. The meaning of operations is in operations/, the
 * permission to call them in access/.
 */
import { authorize } from '../access/authorize.ts'
import { hiddenAuthorities } from '../access/hidden-authorities.ts'
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import { ProtocolError, renderError } from '../wire/errors.ts'
import { isPresigned } from '../wire/sigv4/presigned-url.ts'
import { earlyBytesMax } from './body/limits.ts'
import {
  isJsonMediaType,
  isQuery,
  jsonMediaType,
  membersOfBody,
  membersOfQuery,
  type Members,
  type QueryMembers,
} from './body/members.ts'
import type {
  ApiOperation,
  ApiServices,
  DecodedCall,
  OperationResult,
  Protocol,
  RequestContext,
  RequestedOperation,
} from './protocol.ts'
import type { HttpRequest, RequestHead } from './request.ts'

const targetPrefix = 'ACMPrivateCA.'

export const awsJsonProtocol: Protocol = {
  eventSource: 'acm-pca.amazonaws.com',
  mediaType: jsonMediaType,
  identify,
  refuse: renderError,
}

function identify(api: ApiServices, request: HttpRequest): RequestedOperation {
  requireRoot(request)
  const name = operationName(request)
  const operation = findOffered(api, name)
  const read = memberReader(request, operation !== undefined)
  // AWS reports a malformed body before it authenticates. A long body is only parsed after authentication.
  const early = request.body.length <= earlyBytesMax ? read() : undefined
  if (operation === undefined) throw new ServiceError('UnknownOperationException', '')
  return { name, signingName: 'acm-pca', decode: () => decode(operation, early ?? read()) }
}

function decode(operation: ApiOperation, members: Members | QueryMembers): DecodedCall {
  const call = isQuery(members) ? operation.acceptQuery(members) : operation.accept(members)
  return { input: call.input, run: (api, context) => run(api, context, { operation, call }) }
}

interface OperationCall {
  readonly operation: ApiOperation
  readonly call: ReturnType<ApiOperation['accept']>
}

async function run(
  { services }: ApiServices,
  context: RequestContext,
  { operation, call }: OperationCall,
): Promise<OperationResult> {
  const caller = context.caller as Caller
  const { sourceIp, isSecure } = context
  const access = {
    actions: [operation.action, ...call.furtherActions],
    resourceArn: call.resourceArn,
    keys: call.conditionKeys(caller),
    sourceIp,
    isSecure,
  }
  await authorize(services, caller, access)
  const scoped =
    call.resourceArn === undefined
      ? { ...caller, hiddenAuthorities: () => hiddenAuthorities(services, caller, access) }
      : caller
  const output = await call.run(services, scoped)
  return { output, body: output === undefined ? '' : JSON.stringify(output) }
}

function requireRoot({ method, localPath }: RequestHead): void {
  if (method !== 'POST')
    throw new ProtocolError(
      'AccessDeniedException',
      403,
      'Unable to determine service/operation name to be authorized',
    )
  if (localPath !== '/') throw new ProtocolError('UnknownOperationException', 404, '')
}

/** The operation of a request, by its header X-Amz-Target, if it is offered. */
export function requestedOperation(
  api: Pick<ApiServices, 'findOperation'>,
  head: RequestHead,
): ApiOperation | undefined {
  return findOffered(api, operationName(head))
}

function findOffered(
  { findOperation }: Pick<ApiServices, 'findOperation'>,
  name: string,
): ApiOperation | undefined {
  const operation = findOperation(name)
  return operation?.offered === true ? operation : undefined
}

/** The operation that X-Amz-Target names; empty if it names none. */
function operationName({ headers }: RequestHead): string {
  const values = headers.get('x-amz-target')
  const [target = ''] = values ?? []
  return values?.length === 1 && target.startsWith(targetPrefix)
    ? target.slice(targetPrefix.length)
    : ''
}

/**
 * Returns a function that reads the members of the request. An empty body is checked before the content type; it is valid
 * only with a presigned URL.
 */
function memberReader(request: HttpRequest, targetKnown: boolean): () => Members | QueryMembers {
  const { body, headers, query } = request
  const inQuery = body.length === 0 && isPresigned(query)
  if (body.length === 0 && !inQuery)
    throw new ServiceError(targetKnown ? 'SerializationException' : 'UnknownOperationException', '')
  if (!isJsonMediaType(headers.get('content-type')))
    throw new ProtocolError('UnknownOperationException', 404, '')
  return () => (inQuery ? membersOfQuery(query) : membersOfBody(request))
}
