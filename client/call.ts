/** From a method's name and members to the SDK's command, and from what that throws to a ClientError. */
import type { ACMPCAClient } from '@aws-sdk/client-acm-pca'
import { apiName, blobMembers, commands, type OperationName } from './commands.ts'
import { clientErrorOf } from './errors.ts'
import type { CallOptions } from './inputs.ts'
import type { UnsignedRequest } from './presign.ts'

type Command = Parameters<ACMPCAClient['send']>[0]

/** The output of one call. Rejects with ClientError for what the service refuses. */
export async function call(
  sdk: ACMPCAClient,
  operation: OperationName,
  { input, options = {} }: { readonly input: object | undefined; readonly options?: CallOptions },
): Promise<object> {
  const { abortSignal } = options
  try {
    return await sdk.send(commandOf(operation, input), abortSignal && { abortSignal })
  } catch (error) {
    throw clientErrorOf(error, apiName(operation))
  }
}

function commandOf(operation: OperationName, input: object = {}): Command {
  const build = commands[operation] as unknown as new (members: object) => Command
  return new build(withBytes(operation, input))
}

/** The SDK takes bytes only; PEM is nearly always text. */
function withBytes(operation: OperationName, input: object): object {
  const members: Record<string, unknown> = { ...input }
  for (const name of blobMembers[operation] ?? []) {
    const value = members[name]
    if (typeof value === 'string') members[name] = new TextEncoder().encode(value)
  }
  return members
}

/** The request that the call would send, not signed and not sent. */
export async function prepareRequest(
  sdk: ACMPCAClient,
  operation: OperationName,
  input: object | undefined,
): Promise<UnsignedRequest> {
  const command = commandOf(operation, input)
  let request: unknown
  command.middlewareStack.add(
    () => (args) => {
      ;({ request } = args)
      return Promise.resolve({ response: {}, output: { $metadata: {} } })
    },
    { step: 'finalizeRequest', priority: 'high', name: 'presign' },
  )
  await sdk.send(command)
  return request as UnsignedRequest
}
