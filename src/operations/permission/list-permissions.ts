import { listPermissionRows } from '../../store/permissions.ts'
import { list, required, structure, timestamp } from '../../wire/shapes/shape.ts'
import { operation } from '../shared/operation.ts'
import { permissionViewOf } from './permission-view.ts'
import { readPage } from '../shared/read-page.ts'
import { requireAuthority } from '../shared/require-authority.ts'
import {
  accountId,
  actionList,
  arn,
  awsPolicy,
  maxResults,
  nextToken,
  principal,
} from '../shared/shapes.ts'

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
    const { rows, more } = await readPage(services.pageTokens, {
      scope: { operation: 'ListPermissions', callerArn, region, resource: authorityArn },
      nextToken: input.NextToken,
      limit: input.MaxResults ?? pageSizeMax,
      errorCode: 'InvalidNextTokenException',
      read: (after = '', limit) =>
        listPermissionRows(services.db, authority.number, { after, limit }),
      positionOf: (row) => row.sourceAccount,
    })
    return { ...more, Permissions: rows.map((row) => permissionViewOf(row, authorityArn)) }
  },
})
