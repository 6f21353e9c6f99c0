import { required, structure } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { accountId, actionList, arn, principal } from './shapes.ts'

/** Lets the ACM service renew certificates from a CA (AWS Private CA API, CreatePermission). */
export const createPermission = operation({
  name: 'CreatePermission',
  input: structure({
    CertificateAuthorityArn: required(arn),
    Principal: required(principal),
    SourceAccount: accountId,
    Actions: required(actionList),
  }),
  output: undefined,
  errors: [
    'LimitExceededException',
    'PermissionAlreadyExistsException',
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
})
