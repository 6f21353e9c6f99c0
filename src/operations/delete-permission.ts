import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { accountId, arn, principal } from './shapes.ts'

/** Takes back what CreatePermission gave (AWS Private CA API, DeletePermission). */
export const deletePermission = operation({
  name: 'DeletePermission',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Principal: required(principal),
    SourceAccount: accountId,
  }),
  output: undefined,
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
})
