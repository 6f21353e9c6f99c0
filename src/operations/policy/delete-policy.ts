import {
  deleteResourcePolicy,
  findResourcePolicy,
  requireResourcePolicy,
} from '../../store/resource-policies.ts'
import { required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { arn } from '../shared/shapes.ts'

/** Deletes the resource policy of a CA (AWS Private CA API, DeletePolicy). */
export const deletePolicy = authorityOperation({
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
  event: 'administer',
  async run(services, input, { authority, caller, now }) {
    const policyText = await findResourcePolicy(services.db, authority.number)
    const action = { action: 'put-policy', operation: 'DeletePolicy', input } as const
    const approved = await requireSecondPerson(services, caller, { ...action, authority })
    await changeAuthority(
      services,
      [
        ...approved,
        requireResourcePolicy(authority, policyText),
        ...deleteResourcePolicy(authority),
      ],
      { time: now, actor: { principal: caller.arn }, authority: authority.number },
    )
  },
})
