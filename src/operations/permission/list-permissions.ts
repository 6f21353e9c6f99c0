import { listPermissionRows, type Permission } from '../../store/permissions.ts'
import type { Encodable } from '../../wire/shapes/encode.ts'
import { list, required, structure, timestamp } from '../../wire/shapes/shape.ts'
import { authorityOperation } from '../shared/authority-operation.ts'
import { readPage } from '../shared/read-page.ts'
import {
  accountId,
  actionList,
  arn,
  awsPolicy,
  maxResults,
  nextToken,
  principal,
} from '../shared/shapes.ts'

/** Maximum number of permissions on a page, which is the maximum number that a CA can have. */
const pageSizeMax = 1000

const permission = structure({
  CertificateAuthorityArn: arn,
  CreatedAt: timestamp(),
  Principal: principal,
  SourceAccount: accountId,
  Actions: actionList,
  Policy: awsPolicy,
})

/** Lists the permissions that CreatePermission has created for a CA, in pages (AWS Private CA API, ListPermissions). */
export const listPermissions = authorityOperation({
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
  event: 'administer',
  async run(services, input, { authority, arn: authorityArn, caller }) {
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
    return { ...more, Permissions: rows.map((row) => describePermission(row, authorityArn)) }
  },
})

/** Converts a permission to its API form, which includes an equivalent policy. */
function describePermission(
  { principal: service, sourceAccount, actions, createdAt }: Permission,
  authorityArn: string,
): Encodable<typeof permission> {
  return {
    CertificateAuthorityArn: authorityArn,
    CreatedAt: createdAt,
    Principal: service,
    SourceAccount: sourceAccount,
    Actions: actions as Encodable<typeof actionList>,
    Policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: service },
          Action: actions.map((action) => `acm-pca:${action}`),
          Resource: authorityArn,
          Condition: { StringEquals: { 'aws:SourceAccount': sourceAccount } },
        },
      ],
    }),
  }
}
