/**
 * The AWS JSON 1.1 protocol of AWS Private CA. Requests are checked in the same order as in AWS. The operations are in
 * operations/, and authorization is in access/.
 */
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import { ProtocolError, renderError } from '../wire/errors.ts'
import { authorizeCall } from './authorize-call.ts'
import { hintOf } from './request-hints.ts'
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
} from './body/parse-members.ts'
import type {
  ApiOperation,
  ApiServices,
  DecodedCall,
  Protocol,
  RequestedOperation,
} from './protocol.ts'
import type { HttpRequest, RequestHead } from './request.ts'

const targetPrefix = 'ACMPrivateCA.'

export const awsJsonProtocol: Protocol = {
  eventSource: 'acm-pca.amazonaws.com',
  mediaType: jsonMediaType,
  identify,
  serializeError: renderError,
}

function identify(api: ApiServices, request: HttpRequest): RequestedOperation {
  requireRoot(request)
  const { name, operation } = findRequested(api, request)
  const read = memberReader(request, operation !== undefined)
  // Like AWS, the server reports a malformed body before it authenticates the caller. A body above the default limit is parsed
  // only after authentication.
  const early = request.body.length <= earlyBytesMax ? read() : undefined
  if (operation === undefined) throw new ServiceError('UnknownOperationException', hintOf(request))
  return { name, signingName: 'acm-pca', decode: () => decode(operation, early ?? read()) }
}

function decode(operation: ApiOperation, members: Members | QueryMembers): DecodedCall {
  const call = isQuery(members) ? operation.acceptQuery(members) : operation.accept(members)
  return {
    input: call.input,
    async run(api, { sourceIp, isSecure, ...context }) {
      const caller = context.caller as Caller
      const scoped = await authorizeCall(api, { operation, call, caller, sourceIp, isSecure })
      const output = await call.run(api.services, scoped)
      return { output, body: output === undefined ? '' : JSON.stringify(output) }
    },
  }
}

function requireRoot(head: RequestHead): void {
  const { method, localPath } = head
  const hint = hintOf(head)
  if (method !== 'POST')
    throw new ProtocolError(
      'AccessDeniedException',
      403,
      `Unable to determine service/operation name to be authorized${hint && `. ${hint}`}`,
    )
  if (localPath !== '/') throw new ProtocolError('UnknownOperationException', 404, hint)
}

/** Finds the supported operation that X-Amz-Target names. The returned name is empty if the header contains no operation. */
export function findRequested(
  { findOperation }: Pick<ApiServices, 'findOperation'>,
  { headers }: RequestHead,
): { readonly name: string; readonly operation: ApiOperation | undefined } {
  const [target = '', ...more] = headers.get('x-amz-target') ?? []
  const isTarget = more.length === 0 && target.startsWith(targetPrefix)
  const name = isTarget ? target.slice(targetPrefix.length) : ''
  const operation = findOperation(name)
  return { name, operation: operation?.offered === true ? operation : undefined }
}

/**
 * Returns a function that reads the request's members. Like AWS, the function checks for an empty body before it checks the
 * content type. An empty body is valid only with a presigned URL.
 */
function memberReader(request: HttpRequest, targetKnown: boolean): () => Members | QueryMembers {
  const { body, headers, query } = request
  const inQuery = body.length === 0 && isPresigned(query)
  if (body.length === 0 && !inQuery)
    throw new ServiceError(targetKnown ? 'SerializationException' : 'UnknownOperationException', '')
  if (!isJsonMediaType(headers.get('content-type')))
    throw new ProtocolError('UnknownOperationException', 404, hintOf(request))
  return () => (inQuery ? membersOfQuery(query) : membersOfBody(request))
}
