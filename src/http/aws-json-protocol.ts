/**
 * AWS Private CA, in AWS JSON 1.1: from the raw request to the output, in the order of checks of AWS's front end. It holds
 * the branching and no rule: what an operation means is in operations/, who may call it in access/.
 */
import { authorize } from '../access/authorize.ts'
import { hiddenAuthorities } from '../access/hidden-authorities.ts'
import type { Caller } from '../identity/caller.ts'
import { ServiceError } from '../errors.ts'
import type { ScopedCaller } from '../operations/shared/operation.ts'
import type { Services } from '../services.ts'
import { ProtocolError, renderError } from '../wire/errors.ts'
import type { RawRequest } from '../wire/sigv4/request.ts'
import {
  isRoot,
  requireCaller,
  type ApiServices,
  type Protocol,
  type OperationResult,
  type RequestContext,
} from './protocol.ts'
import {
  earlyBytesMax,
  isJsonMediaType,
  isPresigned,
  isQuery,
  jsonMediaType,
  membersOfBody,
  membersOfQuery,
  type Members,
  type QueryMembers,
} from './body/members.ts'

/** What the pipeline has to know of an operation. */
export interface ApiOperation {
  /** IAM action: `acm-pca:IssueCertificate`. */
  readonly action: string
  /** Whether it can be run; otherwise it is unknown to callers. */
  readonly offered: boolean
  /** Bytes that the JSON of its input can have. */
  readonly bodyBytesMax: number
  /** Reads members by the operation's shape. Throws SerializationException or ValidationException. */
  accept(members: Members): ApiCall
  /** Reads the members of a presigned URL, which are all text. */
  acceptQuery(members: QueryMembers): ApiCall
}

/** A call whose input has been read. */
interface ApiCall {
  /** As the shape has read it. */
  readonly input: object
  /** ARN of the CA that it is about; undefined if it is about the account as a whole. */
  readonly resourceArn: string | undefined
  /** IAM actions that it takes beside that of the operation. */
  readonly furtherActions: readonly string[]
  /** Condition keys of its own, by lower-case name. */
  conditionKeys(caller: Caller): ReadonlyMap<string, readonly string[]>
  /** Does it. Resolves to the output as JSON members, or undefined if the operation has none. */
  run(services: Services, caller: ScopedCaller): Promise<object | undefined>
}

const targetPrefix = 'ACMPrivateCA.'

export const awsJsonProtocol: Protocol = {
  eventSource: 'acm-pca.amazonaws.com',
  mediaType: jsonMediaType,
  serve,
  refuse: renderError,
}

async function serve(
  api: ApiServices,
  request: RawRequest,
  trail: RequestContext,
): Promise<OperationResult> {
  requireRoot(request, api.basePath)
  const name = operationName(request.headers.get('x-amz-target'))
  const found = api.findOperation(name)
  const operation = found?.offered === true ? found : undefined
  const read = memberReader(request, operation !== undefined)
  // AWS reports a malformed body before it authenticates. A long body is only parsed after authentication.
  const early = request.body.length <= earlyBytesMax ? read() : undefined
  if (operation === undefined) throw new ServiceError('UnknownOperationException', '')
  trail.operation = name
  const caller = await requireCaller(api, request, { service: 'acm-pca', trail })
  const members = early ?? read()
  const call = isQuery(members) ? operation.acceptQuery(members) : operation.accept(members)
  trail.input = call.input
  const asked = {
    actions: [operation.action, ...call.furtherActions],
    resourceArn: call.resourceArn,
    keys: call.conditionKeys(caller),
    sourceIp: trail.sourceIp,
    isSecure: trail.isSecure,
  }
  await authorize(api.services, caller, asked)
  const scoped =
    call.resourceArn === undefined
      ? { ...caller, hiddenAuthorities: () => hiddenAuthorities(api.services, caller, asked) }
      : caller
  const output = await call.run(api.services, scoped)
  return { output, body: () => (output === undefined ? '' : JSON.stringify(output)) }
}

function requireRoot({ method, path }: RawRequest, basePath: string): void {
  if (method !== 'POST')
    throw new ProtocolError(
      'AccessDeniedException',
      403,
      'Unable to determine service/operation name to be authorized',
    )
  if (!isRoot(path, basePath)) throw new ProtocolError('UnknownOperationException', 404, '')
}

/** The operation that X-Amz-Target names; empty if it names none. */
export function operationName(values: readonly string[] | undefined): string {
  const [target = ''] = values ?? []
  return values?.length === 1 && target.startsWith(targetPrefix)
    ? target.slice(targetPrefix.length)
    : ''
}

/**
 * Returns a function that reads the members of the request. An empty body is checked before the content type; it is valid
 * only with a presigned URL.
 */
function memberReader(request: RawRequest, targetKnown: boolean): () => Members | QueryMembers {
  const { body, headers, query } = request
  const inQuery = body.length === 0 && isPresigned(request)
  if (body.length === 0 && !inQuery)
    throw new ServiceError(targetKnown ? 'SerializationException' : 'UnknownOperationException', '')
  if (!isJsonMediaType(headers.get('content-type')))
    throw new ProtocolError('UnknownOperationException', 404, '')
  return () => (inQuery ? membersOfQuery(query) : membersOfBody(request))
}
