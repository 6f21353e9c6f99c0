/**
 * The AWS Query protocol of the Security Token Service. Requests are form parameters in the body or in the URL query, and
 * responses are in XML.
 */
import { findStsOperation } from '../sts/index.ts'
import { stsNamespace, type StsOperation } from '../sts/sts-operation.ts'
import { QueryError, renderQueryError } from '../wire/query-errors.ts'
import { MalformedQuery } from '../wire/sigv4/query-string.ts'
import { authenticateByToken } from './authentication.ts'
import {
  membersOfForm,
  membersOfQuery,
  isFormMediaType,
  type QueryMembers,
} from './body/parse-members.ts'
import { hintOf } from './request-hints.ts'
import type { ApiServices, DecodedCall, Protocol, RequestedOperation } from './protocol.ts'
import type { HttpRequest, RequestHead } from './request.ts'

const version = '2011-06-15'

/**
 * Returns whether a request uses the AWS Query protocol: it is a form without an X-Amz-Target header, or its URL query contains
 * an action. The function never throws.
 */
export function isQueryRequest({ method, headers, query, localPath }: RequestHead): boolean {
  if (headers.has('x-amz-target') || localPath !== '/') return false
  if (method === 'POST' && isFormMediaType(headers.get('content-type'))) return true
  return (method === 'GET' || method === 'POST') && query.names.has('Action')
}

export const awsQueryProtocol: Protocol = {
  eventSource: 'sts.amazonaws.com',
  mediaType: 'text/xml',
  identify,
  serializeError: (error, requestId) =>
    renderQueryError(error, { namespace: stsNamespace, requestId }),
}

function identify(_api: ApiServices, request: HttpRequest): RequestedOperation {
  const parameters = readParameters(request)
  const name = parameters.get('Action')
  if (!name)
    throw new QueryError(
      'MissingAction',
      ['The request is missing an action or a required parameter.', hintOf(request)]
        .join(' ')
        .trim(),
    )
  const operation = findStsOperation(name)
  const requested = parameters.get('Version') ?? ''
  if (operation === undefined || requested !== version) {
    const hint = hintOf(request)
    throw new QueryError(
      'InvalidAction',
      `Could not find operation ${name.slice(0, 64)} for version ${requested.slice(0, 64) || 'NO_VERSION_SPECIFIED'}${hint && `. ${hint}`}`,
    )
  }
  return {
    name,
    signingName: operation.signed ? 'sts' : undefined,
    decode: () => decode(operation, parameters),
  }
}

function decode(operation: StsOperation, parameters: QueryMembers): DecodedCall {
  const call = operation.accept(parameters)
  return {
    input: call.input,
    async run(api, { caller, sourceIp, isSecure, requestId }) {
      const { sessions, issuerKeys, services } = api
      const { db, clock, random } = services
      const run = (): Promise<object> =>
        call.run({ db, clock, random, sessions, issuerKeys }, { caller, sourceIp, isSecure })
      const output = await (operation.signed ? run() : authenticateByToken(api, sourceIp, run))
      return { output, body: operation.answer(output, requestId) }
    },
  }
}

/** Reads the parameters from the body if it is a nonempty form, and from the URL query otherwise. */
function readParameters(request: HttpRequest): QueryMembers {
  const { body, query, headers } = request
  const isForm = isFormMediaType(headers.get('content-type')) && body.length > 0
  try {
    return isForm ? membersOfForm(request) : membersOfQuery(query)
  } catch (error) {
    if (error instanceof MalformedQuery) throw new QueryError('MalformedQueryString', error.message)
    throw error
  }
}
