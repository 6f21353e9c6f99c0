import { userIdOf } from '../identity/caller.ts'
import { string, structure } from '../wire/shapes/shape.ts'
import { requireCaller, stsOperation } from './sts-operation.ts'

/** Returns the caller's account, ARN and unique ID. No policy can deny GetCallerIdentity (STS API, GetCallerIdentity). */
export const getCallerIdentity = stsOperation({
  name: 'GetCallerIdentity',
  signed: true,
  input: structure({}),
  output: structure({ Arn: string(), UserId: string(), Account: string() }),
  // oxlint-disable-next-line typescript/require-await -- the other operations await
  async run(_services, _input, context) {
    const caller = requireCaller(context)
    return { Arn: caller.arn, UserId: userIdOf(caller), Account: caller.accountId }
  },
})
