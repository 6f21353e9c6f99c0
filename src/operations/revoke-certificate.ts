import { enumeration, required, string, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { arn } from './shapes.ts'

/** Revokes a certificate that a CA issued (AWS Private CA API, RevokeCertificate). */
export const revokeCertificate = operation({
  name: 'RevokeCertificate',
  input: structure({
    CertificateAuthorityArn: required(arn),
    CertificateSerial: required(string({ max: 128 })),
    RevocationReason: required(
      enumeration([
        'UNSPECIFIED',
        'KEY_COMPROMISE',
        'CERTIFICATE_AUTHORITY_COMPROMISE',
        'AFFILIATION_CHANGED',
        'SUPERSEDED',
        'CESSATION_OF_OPERATION',
        'PRIVILEGE_WITHDRAWN',
        'A_A_COMPROMISE',
      ]),
    ),
  }),
  output: undefined,
  errors: [
    'RequestAlreadyProcessedException',
    'LimitExceededException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidRequestException',
    'InvalidStateException',
    'RequestFailedException',
    'ConcurrentModificationException',
    'RequestInProgressException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
})
