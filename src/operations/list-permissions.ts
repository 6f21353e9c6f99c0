import { list, required, structure, timestamp } from '../wire/shape.ts'
import { operation } from './operation.ts'
import {
  accountId,
  actionList,
  arn,
  awsPolicy,
  maxResults,
  nextToken,
  principal,
} from './shapes.ts'

const permission = structure({
  CertificateAuthorityArn: arn,
  CreatedAt: timestamp(),
  Principal: principal,
  SourceAccount: accountId,
  Actions: actionList,
  Policy: awsPolicy,
})

/**
 * Lists what CreatePermission gave for a CA, page by page
 * (AWS Private CA API, ListPermissions).
 */
export const listPermissions = operation({
  name: 'ListPermissions',
  input: structure({
    MaxResults: maxResults,
    NextToken: nextToken,
    CertificateAuthorityArn: required(arn),
  }),
  output: structure({
    NextToken: nextToken,
    Permissions: list(permission),
  }),
  errors: [
    'ResourceNotFoundException',
    'InvalidArnException',
    'InvalidStateException',
    'RequestFailedException',
    'InvalidNextTokenException',
  ],
  resource: (input) => input.CertificateAuthorityArn,
})
