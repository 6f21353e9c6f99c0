import { invalidArn, resourceNotFound } from '../../errors.ts'
import { findCertificate } from '../../store/certificates.ts'
import { parseCertificateArn } from '../../wire/arn.ts'
import { required, string, structure } from '../../wire/shapes/shape.ts'
import { certificatePem, chainPem } from '../shared/certificate-view.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { arn } from '../shared/shapes.ts'

/** Answers a certificate that was issued, with its chain (AWS Private CA API, GetCertificate). */
export const getCertificate = authorityOperation({
  name: 'GetCertificate',
  input: structure({
    CertificateAuthorityArn: required(arn),
    CertificateArn: required(arn),
  }),
  output: structure({
    Certificate: string(),
    CertificateChain: string(),
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
  event: 'get-certificate',
  async run(services, input, { authority }) {
    const serialNumber = serialNumberIn(input)
    const found = await findCertificate(services.db, authority, serialNumber)
    if (found === undefined)
      throw resourceNotFound(`Could not find certificate ${input.CertificateArn}.`)
    return {
      Certificate: certificatePem(found.certificateDer),
      ...(found.signer && { CertificateChain: chainPem(found.signer) }),
    }
  },
})

/** The certificate's ARN must lie below that of the CA. */
function serialNumberIn(input: {
  readonly CertificateAuthorityArn: string
  readonly CertificateArn: string
}): Uint8Array {
  const name = parseCertificateArn(input.CertificateArn)
  if (name === undefined)
    throw invalidArn(`${input.CertificateArn} is not the ARN of a certificate`)
  if (!input.CertificateArn.startsWith(`${input.CertificateAuthorityArn}/`))
    throw invalidArn(
      `${input.CertificateArn} does not belong to the certificate authority ${input.CertificateAuthorityArn}`,
    )
  return Buffer.from(name.serialNumberHex, 'hex')
}
