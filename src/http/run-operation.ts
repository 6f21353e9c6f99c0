/** Runs API operations for principals that do not send signed API requests, such as enrollment endpoints. */
import type { Caller } from '../identity/caller.ts'
import { notRecorded } from '../call-log/call-recorder.ts'
import { ServiceError } from '../errors.ts'
import {
  authorizedPart,
  type DeclaredOperation,
  type OperationName,
  type Result,
} from '../operations/shared/operation.ts'
import { findAccount } from '../store/accounts.ts'
import type { Infer, StructureShape } from '../wire/shapes/shape.ts'
import { requireRate } from './authentication.ts'
import { authorizeCall } from './authorize-call.ts'
import { awsJsonProtocol } from './aws-json-protocol.ts'
import { deadlineOf } from './deadline.ts'
import type { ApiServices } from './protocol.ts'
import { complete, completeWithError, type CallContext } from './record-request.ts'

interface OperationCall<I extends StructureShape, O extends StructureShape | undefined> {
  readonly operation: DeclaredOperation<OperationName, I, O>
  readonly input: Infer<I>
}

/** The HTTP request on whose behalf an operation runs. The request arrived over TLS. */
export interface CallOrigin {
  readonly caller: Caller
  readonly requestId: string
  readonly sourceIp: string | undefined
  readonly userAgent: string | undefined
}

/**
 * Runs an operation and resolves to its output. Rate limits, authorization, the deadline, log lines, metrics and call records
 * are the same as for an API request. The function throws only errors of type ServiceError, and logs the cause of an
 * InternalFailure.
 */
export async function runOperation<I extends StructureShape, O extends StructureShape | undefined>(
  api: ApiServices,
  call: OperationCall<I, O>,
  { caller, requestId, sourceIp, userAgent }: CallOrigin,
): Promise<Result<O>> {
  const context: CallContext = {
    protocol: awsJsonProtocol,
    head: { headers: new Map(userAgent === undefined ? [] : [['user-agent', [userAgent]]]) },
    startedAt: api.clock.now().getTime(),
    operation: call.operation.name,
    input: call.input,
    requestId,
    sourceIp,
    caller,
  }
  const deadline = deadlineOf(api, requestId)
  let output: Result<O>
  try {
    output = await deadline.within(run(api, call, { caller, sourceIp }))
  } catch (error) {
    const { errorCode } = await completeWithError(api, context, error)
    throw error instanceof ServiceError && error.code === errorCode
      ? error
      : failure(errorCode, error)
  } finally {
    deadline.clear()
  }
  const answer = { status: 200, errorCode: undefined, mediaType: '', body: '' }
  const { errorCode } = await complete(api, { context, answer, output, error: undefined })
  if (errorCode !== undefined) throw notRecorded()
  return output
}

async function run<I extends StructureShape, O extends StructureShape | undefined>(
  api: ApiServices,
  { operation, input }: OperationCall<I, O>,
  { caller, sourceIp }: Pick<CallOrigin, 'caller' | 'sourceIp'>,
): Promise<Result<O>> {
  await requireRate(api, caller, operation.name)
  api.callLog?.requireWritable()
  if (operation.run === undefined) throw new ServiceError('UnknownOperationException', '')
  const account = await findAccount(api.services.db, caller.accountId)
  const known = { ...caller, organizationId: account?.organizationId }
  const call = authorizedPart(operation, input)
  const access = { operation, call, caller: known, sourceIp, isSecure: true }
  const scoped = await authorizeCall(api, access)
  return operation.run(api.services, input, scoped)
}

/** Creates the error for a call that failed unexpectedly or could not be recorded. */
function failure(errorCode: string | undefined, cause: unknown): ServiceError {
  return errorCode === 'ServiceUnavailable'
    ? notRecorded()
    : new ServiceError('InternalFailure', '', { cause })
}
