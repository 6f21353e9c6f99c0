/** The input of the policy simulator, and texts for its result. */
import type { SimulatedPolicy } from '../../api/types.ts'

export interface ContextRow {
  readonly key: string
  readonly value: string
}

/** Actions on a CA, the most frequent first. */
export const simulatedActions: readonly string[] = [
  ...[
    'IssueCertificate',
    'GetCertificate',
    'RevokeCertificate',
    'ListCertificates',
    'DescribeCertificateAuthority',
    'GetCertificateAuthorityCertificate',
    'GetCertificateAuthorityCsr',
    'ImportCertificateAuthorityCertificate',
    'UpdateCertificateAuthority',
    'DeleteCertificateAuthority',
    'RestoreCertificateAuthority',
    'CreateCertificateAuthorityAuditReport',
    'DescribeCertificateAuthorityAuditReport',
    'GetPolicy',
    'PutPolicy',
    'DeletePolicy',
    'CreatePermission',
    'DeletePermission',
    'ListPermissions',
    'ListTags',
    'TagCertificateAuthority',
    'UntagCertificateAuthority',
  ].map((name) => `acm-pca:${name}`),
  'signet:DescribeRevocation',
  'signet:CheckRevocation',
  'signet:PublishCrl',
]

/** Converts rows to the API's form. A repeated key has several values, and rows without a key or value are ignored. */
export function contextEntries(
  rows: readonly ContextRow[],
): { readonly ContextKeyName: string; readonly ContextKeyValues: readonly string[] }[] {
  const entries = new Map<string, string[]>()
  for (const { key, value } of rows)
    if (key !== '' && value !== '') entries.set(key, [...(entries.get(key) ?? []), value])
  return [...entries].map(([ContextKeyName, ContextKeyValues]) => ({
    ContextKeyName,
    ContextKeyValues,
  }))
}

type Statement = SimulatedPolicy['Results'][number]['Statements'][number]

const sources: Readonly<Record<Statement['Source'], string>> = {
  IDENTITY_POLICY: 'Policy',
  ACCESS_KEY_POLICY: 'Policy of access key',
  SESSION_POLICY: 'Session policy',
  RESOURCE_POLICY: 'Resource policy of the CA',
  UNSAVED_POLICY: 'Resource policy in the editor',
  SHARE: 'Resource share',
  PERMISSION: 'Permission',
}

/** Describes where a statement is, such as "Policy issue of alice, statement 2 (NoTags)". */
export function sourceText(statement: Statement): string {
  const { Source, PolicyName, Principal, Sid, StatementNumber } = statement
  const policy = PolicyName === undefined ? sources[Source] : `${sources[Source]} ${PolicyName}`
  const owner = Principal === undefined ? policy : `${policy} of ${Principal}`
  if (Source === 'PERMISSION') return owner
  return `${owner}, statement ${StatementNumber}${Sid === undefined ? '' : ` (${Sid})`}`
}
