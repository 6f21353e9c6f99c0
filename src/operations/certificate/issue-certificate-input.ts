/** The input type of IssueCertificate. */
import { signingAlgorithm } from '../../authority/configuration.ts'
import { apiPassthrough } from '../../issuance/passthrough.ts'
import { enumeration, type Infer, long, required, structure } from '../../wire/shapes/shape.ts'
import { arn, csrBlob, idempotencyToken } from '../shared/shapes.ts'

const validity = structure({
  Value: required(long({ min: 1 })),
  Type: required(enumeration(['END_DATE', 'ABSOLUTE', 'DAYS', 'MONTHS', 'YEARS'])),
})

export const issueCertificateInput = structure({
  ApiPassthrough: apiPassthrough,
  CertificateAuthorityArn: required(arn),
  Csr: required(csrBlob),
  SigningAlgorithm: required(signingAlgorithm),
  TemplateArn: arn,
  Validity: required(validity),
  ValidityNotBefore: validity,
  IdempotencyToken: idempotencyToken,
})

export type IssueCertificateInput = Infer<typeof issueCertificateInput>
