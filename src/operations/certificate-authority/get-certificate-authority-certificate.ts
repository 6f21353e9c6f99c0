import { stateError } from '../../authority/life-cycle.ts'
import { required, string, structure } from '../../wire/shapes/shape.ts'
import { certificatePem } from '../shared/certificate-view.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn } from '../shared/shapes.ts'

/** Returns a CA's certificate and chain (AWS Private CA API, GetCertificateAuthorityCertificate). */
export const getCertificateAuthorityCertificate = authorityOperation({
  name: 'GetCertificateAuthorityCertificate',
  input: structure({
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    Certificate: string(),
    CertificateChain: string(),
  }),
  errors: ['ResourceNotFoundException', 'InvalidArnException', 'InvalidStateException'],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'get-authority-certificate',
  async run(_services, _input, { authority, status, arn: authorityArn }) {
    if (authority.certificate === undefined)
      throw stateError('get-authority-certificate', status, { arn: authorityArn })
    const { certificateDer, chainPem } = authority.certificate
    return {
      Certificate: certificatePem(certificateDer),
      ...(chainPem !== undefined && { CertificateChain: chainPem }),
    }
  },
})
