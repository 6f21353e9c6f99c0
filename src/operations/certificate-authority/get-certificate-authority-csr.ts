import { stateError } from '../../authority/life-cycle.ts'
import { required, string, structure } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn } from '../shared/shapes.ts'

/** Returns the CSR for a CA's own certificate (AWS Private CA API, GetCertificateAuthorityCsr). */
export const getCertificateAuthorityCsr = authorityOperation({
  name: 'GetCertificateAuthorityCsr',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    Csr: string(),
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'get-csr',
  async run(_services, _input, { authority, status, arn: authorityArn }) {
    if (authority.csrPem === undefined) throw stateError('get-csr', status, { arn: authorityArn })
    return { Csr: authority.csrPem }
  },
})
