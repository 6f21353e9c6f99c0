import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn } from './shapes.ts'

/** Takes the resource policy off a CA (AWS Private CA API, DeletePolicy). */
export const deletePolicy = operation({
  name: 'DeletePolicy',
  input: structure({
    ResourceArn: required(arn),
  }),
  output: undefined,
  errors: [
    'LockoutPreventedException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'ConcurrentModificationException',
  ],
  resource: (input) => input.ResourceArn,
})
