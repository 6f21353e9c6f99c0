import { restoreAuthority } from '../store/authorities.ts'
import { touchAllCrls } from '../store/crls.ts'
import { required, structure } from '../wire/shape.ts'
import { changeAuthority } from './change-authority.ts'
import { operation } from './operation.ts'
import { requireAuthority } from './require-authority.ts'
import { arn } from './shapes.ts'

/**
 * Takes back the deletion of a CA while its restoration period lasts
 * (AWS Private CA API, RestoreCertificateAuthority).
 */
export const restoreCertificateAuthority = operation({
  name: 'RestoreCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: undefined,
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidStateException'],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const { authority, now } = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'restore',
    })
    await changeAuthority(services, [
      restoreAuthority(authority, now),
      touchAllCrls(authority, now),
    ])
  },
})
