import { userIdOf } from '../identity/caller.ts'
import { string, structure } from '../wire/shapes/shape.ts'
import { requireCaller, stsOperation } from './sts-operation.ts'

/** Says who asks; no policy can refuse it (STS API, GetCallerIdentity). */
export const getCallerIdentity = stsOperation({
  name: 'GetCallerIdentity',
  signed: true,
  input: structure({}),
  output: structure({ Arn: string(), UserId: string(), Account: string() }),
  // oxlint-disable-next-line typescript/require-await -- others wait
  async run(_services, _input, context) {
    const caller = requireCaller(context)
    return { Arn: caller.arn, UserId: userIdOf(caller), Account: caller.accountId }
  },
})
