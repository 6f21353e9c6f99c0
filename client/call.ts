/** Calls an operation through the SDK, and converts between the SDK's and the client's inputs, outputs and errors. */
import { describe, objectRule } from './check-options.ts'
import { apiName, type OperationName, type OwnOperationName } from './commands.ts'
import { clientErrorOf, UnexpectedResponseError } from './errors.ts'
import { checkCallOptions, type CallOptions } from './inputs.ts'
import { decodeOutput, encodeInput } from './json-form.ts'
import type { SdkClient } from './sdk-client.ts'

/**
 * Calls an operation once, without pagination. Rejects with TypeError if the input or the options are not objects, with
 * ClientError for an error from the service, and with UnexpectedResponseError if the response does not come from the API.
 */
export async function call(
  sdk: SdkClient,
  operation: OperationName | OwnOperationName,
  {
    input = {},
    options = {},
  }: { readonly input?: object | undefined; readonly options?: CallOptions },
): Promise<object> {
  if (!objectRule.accepts(input))
    throw new TypeError(`${operation} must be called with an object, not ${describe(input)}`)
  checkCallOptions(operation, options)
  const { abortSignal } = options
  const name = apiName(operation)
  try {
    const members = encodeInput(operation, input)
    return decodeOutput(await sdk.send(name, members, abortSignal && { abortSignal }))
  } catch (error) {
    throw isUnreadableResponse(error)
      ? await unexpectedResponse(sdk, error)
      : clientErrorOf(error, name)
  }
}

/** Recognizes errors from the SDK's JSON parser by the metadata that the parser adds to them. */
function isUnreadableResponse(error: unknown): error is UnreadableResponse {
  return error instanceof SyntaxError && '$metadata' in error
}

interface UnreadableResponse extends SyntaxError {
  readonly $metadata: { readonly httpStatusCode?: number }
}

async function unexpectedResponse(sdk: SdkClient, error: UnreadableResponse): Promise<Error> {
  const { href: endpoint } = await sdk.endpoint()
  const { httpStatusCode: statusCode } = error.$metadata
  return new UnexpectedResponseError({ endpoint, statusCode }, { cause: error })
}
