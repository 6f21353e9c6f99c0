import {
  deleteResourcePolicy,
  findResourcePolicy,
  requireResourcePolicy,
} from '../../store/resource-policies.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

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
  async run(services, input, caller) {
    const { authority } = await requireAuthority(services, caller, {
      arn: input.ResourceArn,
      event: 'administer',
    })
    const found = await findResourcePolicy(services.db, authority.number)
    await changeAuthority(services, [
      requireResourcePolicy(authority, found),
      ...deleteResourcePolicy(authority),
    ])
  },
})
