import { required, structure } from '../../wire/shapes/shape.ts'
import { describeAuthority } from '../shared/authority-view.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn, certificateAuthority } from '../shared/shapes.ts'

/** Returns the configuration and status of a CA (AWS Private CA API, DescribeCertificateAuthority). */
export const describeCertificateAuthority = authorityOperation({
  name: 'DescribeCertificateAuthority',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    CertificateAuthority: certificateAuthority,
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'describe',
  async run(_services, _input, view) {
    return { CertificateAuthority: describeAuthority(view.authority, view) }
  },
})
