import { requireSharingPolicy } from '../../policy/sharing-policy.ts'
import {
  findResourcePolicy,
  putResourcePolicy,
  requireResourcePolicy,
} from '../../store/resource-policies.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn, awsPolicy } from '../shared/shapes.ts'

/** Puts a resource policy on a CA (AWS Private CA API, PutPolicy). */
export const putPolicy = operation({
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
  async run(services, input, caller) {
    const { authority, arn: authorityArn } = await requireAuthority(services, caller, {
      arn: input.ResourceArn,
      event: 'administer',
    })
    const { partition } = authority
    const sharedWith = requireSharingPolicy(input.Policy, { arn: authorityArn, partition })
    const found = await findResourcePolicy(services.db, authority.number)
    await changeAuthority(services, [
      requireResourcePolicy(authority, found),
      ...putResourcePolicy(authority, input.Policy, sharedWith),
    ])
  },
})
