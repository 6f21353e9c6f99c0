/**
 * Writes the generated pages in docs/reference/api (`npm run docs`). For each operation in the operations table, the pages list
 * the input, output, limits and errors. A test checks that the pages are current.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { customObjectIdentifier } from '../src/authority/subject.ts'
import { errorStatus, type ErrorCode } from '../src/errors.ts'
import { operations } from '../src/operations/index.ts'
import type { Operation, OperationName } from '../src/operations/shared/operation.ts'
import { arn } from '../src/operations/shared/shapes.ts'
import type { StructureShape } from '../src/wire/shapes/shape.ts'
import { commonErrors } from './common-errors.ts'
import { sentence } from './flags-reference.ts'
import { anchorOf, dataTypes, scalarLimits, table } from './shape-tables.ts'

interface Subject {
  readonly title: string
  readonly introduction: string
}

const subjects = {
  access: {
    title: 'API: users, roles and access keys',
    introduction:
      'This page lists the operations that read the users, roles, access keys and identity providers of an account.',
  },
  approvals: {
    title: 'API: approvals',
    introduction: 'This page lists the operations for approvals by a second person.',
  },
  'certificate-authorities': {
    title: 'API: certificate authorities',
    introduction: 'This page lists the input, output and errors of the operations on CAs.',
  },
  certificates: {
    title: 'API: certificates',
    introduction:
      'This page lists the input, output and errors of the operations that issue, return, search and revoke certificates.',
  },
  'audit-reports': {
    title: 'API: audit reports',
    introduction:
      'This page lists the input, output and errors of the operations on audit reports.',
  },
  enrollment: {
    title: 'API: enrollment',
    introduction:
      'This page lists the operations that read the ACME and EST endpoints of an account, and the accounts and orders of ACME endpoints.',
  },
  record: {
    title: 'API: record',
    introduction: 'This page lists the operations that read the tamper-evident record.',
  },
  server: {
    title: 'API: server',
    introduction:
      'This page lists the operations that return information about the server. Only the account that the first start created may call these operations.',
  },
  'permissions-and-policies': {
    title: 'API: permissions and policies',
    introduction:
      'This page lists the input, output and errors of the operations that grant access to a CA.',
  },
  revocation: {
    title: 'API: CRLs and OCSP',
    introduction:
      'This page lists the operations on the CRLs and OCSP responses of a CA. RevokeCertificate is on the page [certificates](certificates.md).',
  },
  statistics: {
    title: 'API: statistics',
    introduction: 'This page lists the operation that counts CAs and certificates.',
  },
  tags: {
    title: 'API: tags',
    introduction: 'This page lists the input, output and errors of the operations on CA tags.',
  },
} as const satisfies Readonly<Record<string, Subject>>

type SubjectName = keyof typeof subjects

/** The page and the purpose of each operation. */
const purposes: Readonly<Record<OperationName, readonly [SubjectName, string]>> = {
  ApproveRequest: ['approvals', 'approves a request; AWS does not have this operation'],
  CheckRevocation: [
    'revocation',
    'returns what the published CRL and the OCSP responder state about a certificate; AWS does not have this operation',
  ],
  CreateCertificateAuthority: ['certificate-authorities', 'creates a CA'],
  CreateCertificateAuthorityAuditReport: ['audit-reports', 'starts an audit report'],
  CreatePermission: ['permissions-and-policies', 'grants actions on a CA to a service'],
  DeleteCertificateAuthority: [
    'certificate-authorities',
    'deletes a CA, which can be restored during its restoration period',
  ],
  DeletePermission: ['permissions-and-policies', "removes a service's permissions"],
  DeletePolicy: ['permissions-and-policies', 'deletes the policy on a CA'],
  DescribeCertificateAuthority: ['certificate-authorities', 'returns a CA'],
  DescribeCertificateAuthorityAuditReport: [
    'audit-reports',
    'returns the state of an audit report',
  ],
  DescribeServer: [
    'server',
    'returns the version, health and settings of the server; AWS does not have this operation',
  ],
  DescribeRevocation: [
    'revocation',
    'returns the state of the CRLs and OCSP responses of a CA; AWS does not have this operation',
  ],
  GetApproval: ['approvals', 'returns an approval; AWS does not have this operation'],
  GetCertificate: ['certificates', 'returns an issued certificate and its chain'],
  GetCertificateAuthorityCertificate: [
    'certificate-authorities',
    'returns the CA certificate and its chain',
  ],
  GetCertificateAuthorityCsr: ['certificate-authorities', 'returns the CSR of a CA'],
  GetEnrollmentEndpoint: [
    'enrollment',
    'returns an endpoint with its keys or passwords, without secrets; AWS does not have this operation',
  ],
  GetPolicy: ['permissions-and-policies', 'returns the policy on a CA'],
  GetRole: ['access', 'returns a role with its policies; AWS has this operation in the IAM API'],
  GetStatistics: [
    'statistics',
    'counts CAs by status, and certificates by day and week; AWS does not have this operation',
  ],
  GetUser: [
    'access',
    'returns a user with its policies and access keys; AWS has this operation in the IAM API',
  ],
  GetRecordCheckpoint: [
    'record',
    'returns the signed checkpoint of the record; AWS does not have this operation',
  ],
  GetRecordEntry: [
    'record',
    'returns an entry with its inclusion proof; AWS does not have this operation',
  ],
  ImportCertificateAuthorityCertificate: [
    'certificate-authorities',
    'imports a CA certificate and its chain',
  ],
  IssueCertificate: ['certificates', 'issues a certificate for a CSR'],
  ListAccessKeys: [
    'access',
    'lists access keys with their last use; AWS has this operation in the IAM API',
  ],
  ListAcmeAccounts: [
    'enrollment',
    'lists the accounts of an ACME endpoint; AWS does not have this operation',
  ],
  ListAcmeOrders: [
    'enrollment',
    'lists the orders of an ACME endpoint, with failed challenges; AWS does not have this operation',
  ],
  ListApprovals: ['approvals', 'lists approvals; AWS does not have this operation'],
  ListBackups: ['server', 'returns the last backup; AWS does not have this operation'],
  ListCertificateAuthorities: ['certificate-authorities', 'lists CAs'],
  ListCertificates: [
    'certificates',
    'searches issued certificates; AWS does not have this operation',
  ],
  ListEnrollmentEndpoints: [
    'enrollment',
    'lists ACME and EST endpoints; AWS does not have this operation',
  ],
  ListIdentityProviders: [
    'access',
    'lists OpenID Connect identity providers; AWS does not have this operation',
  ],
  ListPermissions: ['permissions-and-policies', 'lists the permissions on a CA'],
  ListRoles: ['access', 'lists roles; AWS has this operation in the IAM API'],
  ListJobs: ['server', 'lists background jobs; AWS does not have this operation'],
  ListRecordEntries: [
    'record',
    'lists entries of the record, newest first; AWS does not have this operation',
  ],
  ListTags: ['tags', 'lists the tags of a CA'],
  ListUsers: ['access', 'lists users; AWS has this operation in the IAM API'],
  PublishCrl: ['revocation', 'publishes the CRLs of a CA now; AWS does not have this operation'],
  PutPolicy: ['permissions-and-policies', 'sets the policy on a CA'],
  RejectRequest: ['approvals', 'rejects a request; AWS does not have this operation'],
  RestoreCertificateAuthority: [
    'certificate-authorities',
    'restores a CA during its restoration period',
  ],
  RevokeCertificate: ['certificates', 'revokes a certificate'],
  SimulatePolicy: [
    'permissions-and-policies',
    'returns whether a principal may perform actions, and which statements decide this; AWS Private CA does not have this operation',
  ],
  TagCertificateAuthority: ['tags', 'adds tags to a CA, or replaces their values'],
  UntagCertificateAuthority: ['tags', 'removes tags from a CA'],
  UpdateCertificateAuthority: [
    'certificate-authorities',
    'changes the revocation configuration or status of a CA',
  ],
}

const generatedNote =
  '<!-- Generated by `npm run docs` from the table of operations in src/operations. Do not edit. -->'

const preface = `# API reference

${generatedNote}

This page describes the requests, types and common errors of the API, and lists all operations. AWS's documentation describes what each
operation does; [Compatibility](../compatibility/README.md) lists the differences. AssumeRole and the other operations of the AWS
Security Token Service have [a separate page](sts.md).

[Requests](#requests) · [Operations](#operations) · [Types](#types) · [Common errors](#common-errors)

## Requests

A request is \`POST /\` with the headers \`X-Amz-Target: ACMPrivateCA.<operation>\` and \`Content-Type: application/x-amz-json-1.1\`. Its body
is a JSON object. The request is signed with Signature V4 for the service \`acm-pca\`. Every operation requires the IAM action
of the same name, such as \`acm-pca:IssueCertificate\`. The actions of operations that AWS does not have begin with \`signet:\`, except
\`acm-pca:ListCertificates\`.
`

const sortedOperations = Object.values(operations).toSorted((a, b) => (a.name < b.name ? -1 : 1))

/** Returns the generated pages in docs/reference/api, by file name. */
export function apiReference(): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', firstPage()],
    ...Object.entries(subjects).map(
      ([name, subject]) => [`${name}.md`, subjectPage(name as SubjectName, subject)] as const,
    ),
    ['data-types.md', dataTypesPage()],
  ])
}

function firstPage(): string {
  return [
    preface,
    `## Operations\n\n| operation | purpose |\n| --- | --- |\n${sortedOperations.map(indexRow).join('\n')}\n`,
    typesSection(),
    commonErrorsSection(),
  ].join('\n')
}

function indexRow({ name }: Operation): string {
  const [page, purpose] = purposes[name]
  return `| [${name}](${page}.md#${anchorOf(name)}) | ${sentence(purpose)} |`
}

function typesSection(): string {
  const rows = [
    ['string', 'JSON string; length limits are in Unicode code points'],
    ['bytes', 'base64-encoded JSON string; length limits are in bytes before the encoding'],
    ['timestamp', 'JSON number of seconds since 1970, including fractions'],
    ['integer, long', 'JSON number of 32 or 64 bits; limits apply to the value'],
    ['enumeration', 'JSON string with one of the listed values'],
    ['ARN', `string, ${scalarLimits(arn)}`],
    ['OID', `string, ${scalarLimits(customObjectIdentifier)}`],
  ].map(([type, meaning]) => `| ${type} | ${meaning} |`)
  const nested = '[Data types](data-types.md) describes structures that several operations use.'
  return `## Types\n\nRequired members are in **bold**. ${nested}\n\n| type | meaning |\n| --- | --- |\n${rows.join('\n')}\n`
}

function commonErrorsSection(): string {
  const rows = Object.entries(commonErrors).map(
    ([error, cause]) => `| ${error} | ${errorStatus[error as ErrorCode]} | ${cause} |`,
  )
  const own = 'The page of each operation lists further errors; their HTTP status is 400.'
  return `## Common errors\n\nEvery operation can return these errors. ${own}\n\n| error | HTTP status | cause |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}

function subjectPage(page: SubjectName, { title, introduction }: Subject): string {
  const listed = sortedOperations.filter(({ name }) => purposes[name][0] === page)
  const index = listed.map(({ name }) => `[${name}](#${anchorOf(name)})`).join(' · ')
  const common = 'The [API reference](README.md) describes requests, types and common errors.'
  const head = `# ${title}\n\n${generatedNote}\n\n${introduction} ${common}\n\n${index}\n`
  return [head, ...listed.map(operationText)].join('\n')
}

function operationText(operation: Operation): string {
  const { name, action, input, output, errors, conditionKeys, furtherActions } = operation
  const [, purpose] = purposes[name]
  const access = [
    `IAM action: \`${action}\``,
    ...(furtherActions ? [`, and ${furtherActions.documentation}`] : []),
    ...(conditionKeys ? [`. Condition keys: ${conditionKeys.documentation}`] : []),
  ].join('')
  const outputText =
    output === undefined ? 'The response body is empty.\n' : `Output:\n\n${table(output)}`
  const errorText = errors.length === 0 ? 'only the common errors' : errors.join(', ')
  return `## ${name}\n\n${sentence(purpose)}. ${access}.\n\n${table(input)}\n${outputText}\nErrors: ${errorText}.\n`
}

function dataTypesPage(): string {
  const index = [...dataTypes.values()].map((name) => `[${name}](#${anchorOf(name)})`).join(' · ')
  const introduction = 'This page lists the structures that several operations use.'
  const common = 'The [API reference](README.md#types) describes the types of their members.'
  const head = `# API: data types\n\n${generatedNote}\n\n${introduction} ${common}\n\n${index}\n`
  const sections = [...dataTypes].map(
    ([shape, name]) => `## ${name}\n\n${table(shape as StructureShape)}`,
  )
  return [head, ...sections].join('\n')
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, '../docs/reference/api')
  for (const [name, text] of apiReference()) writeFileSync(join(folder, name), text)
}
