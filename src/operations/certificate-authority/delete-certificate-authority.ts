import { deletionAt } from '../../authority/status.ts'
import { updateAuthority } from '../../store/authority-changes.ts'
import { integer, required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { requireSecondPerson } from '../shared/second-person.ts'
import { arn } from '../shared/shapes.ts'

/** Deletes a CA. The deleted CA can be restored for 7 to 30 days (AWS Private CA API, DeleteCertificateAuthority). */
export const deleteCertificateAuthority = authorityOperation({
  name: 'DeleteCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
    PermanentDeletionTimeInDays: integer({ min: 7, max: 30 }),
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'ConcurrentModificationException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'delete',
  async run(services, input, { authority, now, caller }) {
    const deletion = deletionAt(authority.status, now, input.PermanentDeletionTimeInDays)
    const action = { action: 'delete-ca', operation: 'DeleteCertificateAuthority', input } as const
    const approved = await requireSecondPerson(services, caller, { ...action, authority })
    await changeAuthority(services, [...approved, updateAuthority(authority, { deletion }, now)], {
      time: now,
      actor: { principal: caller.arn },
      authority: authority.number,
    })
    services.wake('erase-authorities')
  },
})
