import { required, structure } from '../../wire/shapes/shape.ts'
import { describeAuthority } from '../shared/authority-view.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn, certificateAuthority } from '../shared/shapes.ts'

/** Shows a CA (AWS Private CA API, DescribeCertificateAuthority). */
export const describeCertificateAuthority = operation({
  name: 'DescribeCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    CertificateAuthority: certificateAuthority,
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException'],
  resource: (input) => input.CertificateAuthorityArn,
  async run(services, input, caller) {
    const view = await requireAuthority(services, caller, {
      arn: input.CertificateAuthorityArn,
      event: 'describe',
    })
    return { CertificateAuthority: describeAuthority(view.authority, view) }
  },
})
