import { stateError } from '../../authority/life-cycle.ts'
import { required, string, structure } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

/**
 * Answers the CSR that a CA made for its own certificate
 * (AWS Private CA API, GetCertificateAuthorityCsr).
 */
export const getCertificateAuthorityCsr = operation({
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
  async run(services, input, caller) {
    const authorityArn = input.CertificateAuthorityArn
    const { authority, status } = await requireAuthority(services, caller, {
      arn: authorityArn,
      event: 'get-csr',
    })
    if (authority.csrPem === undefined) throw stateError('get-csr', status, { arn: authorityArn })
    return { Csr: authority.csrPem }
  },
})
