/** From a method's name and members to the SDK's command, and from what that throws to a ClientError. */
import { apiName, type OperationName } from './commands.ts'
import { clientErrorOf } from './errors.ts'
import type { CallOptions } from './inputs.ts'
import { decodeOutput, encodeInput } from './json-form.ts'
import type { SdkClient } from './sdk-client.ts'

/** The output of one call. Rejects with ClientError for what the service refuses. */
export async function call(
  sdk: SdkClient,
  operation: OperationName | 'listCertificates',
  {
    input = {},
    options = {},
  }: { readonly input?: object | undefined; readonly options?: CallOptions },
): Promise<object> {
  const { abortSignal } = options
  const name = apiName(operation)
  try {
    const members = encodeInput(operation, input)
    return decodeOutput(await sdk.send(name, members, abortSignal && { abortSignal }))
  } catch (error) {
    throw clientErrorOf(error, name)
  }
}
