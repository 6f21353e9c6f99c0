import { deletionAt } from '../../authority/deletion.ts'
import { updateAuthority } from '../../store/authorities.ts'
import { integer, required, structure } from '../../wire/shapes/shape.ts'
import { changeAuthority } from '../shared/change-authority.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

/**
 * Deletes a CA, which can be restored for 7 to 30 days
 * (AWS Private CA API, DeleteCertificateAuthority).
 */
export const deleteCertificateAuthority = operation({
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
  async run(services, input, caller) {
    const { authority, now } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'delete',
    })
    const deletion = deletionAt(authority.status, now, input.PermanentDeletionTimeInDays)
    await changeAuthority(services, [updateAuthority(authority, { deletion }, now)])
    services.wake('erase-authorities')
  },
})
