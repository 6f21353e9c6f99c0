import { requireSharingPolicy } from '../../policy/sharing-policy.ts'
import {
  findResourcePolicy,
  putResourcePolicy,
  requireResourcePolicy,
} from '../../store/resource-policies.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { arn, awsPolicy } from '../shared/shapes.ts'

/** Attaches a resource policy to a CA (AWS Private CA API, PutPolicy). */
export const putPolicy = authorityOperation({
  name: 'PutPolicy',
  input: structure({
    ResourceArn: required(arn),
    Policy: required(awsPolicy),
  }),
  output: undefined,
  errors: [
    'LockoutPreventedException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'ConcurrentModificationException',
    'InvalidPolicyException',
  ],
  resource: (input) => input.ResourceArn,
  event: 'administer',
  async run(services, input, { authority, arn: authorityArn, caller, now }) {
    const { partition } = authority
    const sharedWith = requireSharingPolicy(input.Policy, { arn: authorityArn, partition })
    const policyText = await findResourcePolicy(services.db, authority.number)
    const action = { action: 'put-policy', operation: 'PutPolicy', input } as const
    const approved = await requireSecondPerson(services, caller, { ...action, authority })
    await changeAuthority(
      services,
      [
        ...approved,
        requireResourcePolicy(authority, policyText),
        ...putResourcePolicy(authority, input.Policy, sharedWith),
      ],
      { time: now, actor: { principal: caller.arn }, authority: authority.number },
    )
  },
})
