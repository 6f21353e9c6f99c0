import { stateError } from '../../authority/life-cycle.ts'
import { required, string, structure } from '../../wire/shapes/shape.ts'
import { certificatePem } from '../shared/certificate-view.ts'
import { operation } from '../shared/operation.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import { arn } from '../shared/shapes.ts'

/**
 * Answers the certificate of a CA, with its chain
 * (AWS Private CA API, GetCertificateAuthorityCertificate).
 */
export const getCertificateAuthorityCertificate = operation({
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
  async run(services, input, caller) {
    const authorityArn = input.CertificateAuthorityArn
    const event = 'get-authority-certificate'
    const { authority, status } = await requireAuthority(services, caller, {
      arn: authorityArn,
      event,
    })
    if (authority.certificate === undefined) throw stateError(event, status, { arn: authorityArn })
    const { certificateDer, chainPem } = authority.certificate
    return {
      Certificate: certificatePem(certificateDer),
      ...(chainPem !== undefined && { CertificateChain: chainPem }),
    }
  },
})
