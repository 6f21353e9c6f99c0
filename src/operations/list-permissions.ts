import { ServiceError } from '../errors.ts'
import { listPermissionRows } from '../store/permissions.ts'
import { list, required, structure, timestamp } from '../wire/shape.ts'
import { operation } from './operation.ts'
import { permissionViewOf } from './permission-view.ts'
import { requireAuthority } from './require-authority.ts'
import {
  accountId,
  actionList,
  arn,
  awsPolicy,
  maxResults,
  nextToken,
  principal,
} from './shapes.ts'

/** More than a CA has accounts to serve. */
const pageSizeMax = 1000

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
  async run(services, input, caller) {
    const authorityArn = input.CertificateAuthorityArn
    const { authority } = await requireAuthority(services, caller, {
      arn: authorityArn,
      event: 'administer',
    })
    const { arn: callerArn, region } = caller
    const scope = { operation: 'ListPermissions', callerArn, region, resource: authorityArn }
    const after =
      input.NextToken === undefined ? '' : services.pageTokens.open(scope, input.NextToken)
    if (after === undefined)
      throw new ServiceError(
        'InvalidNextTokenException',
        'NextToken was not issued by this operation.',
      )
    const limit = input.MaxResults ?? pageSizeMax
    const found = await listPermissionRows(services.db, authority.number, {
      after,
      limit: limit + 1,
    })
    const page = found.slice(0, limit)
    const last = found.length > limit ? page.at(-1) : undefined
    return {
      ...(last && { NextToken: services.pageTokens.seal(scope, last.sourceAccount) }),
      Permissions: page.map((permission_) => permissionViewOf(permission_, authorityArn)),
    }
  },
})
