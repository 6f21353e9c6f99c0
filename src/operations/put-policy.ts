import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn, awsPolicy } from './shapes.ts'

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
})
