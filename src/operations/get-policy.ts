import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn, awsPolicy } from './shapes.ts'

/** Answers the resource policy of a CA (AWS Private CA API, GetPolicy). */
export const getPolicy = operation({
  name: 'GetPolicy',
  input: structure({
    ResourceArn: required(arn),
  }),
  output: structure({
    Policy: awsPolicy,
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.ResourceArn,
})
