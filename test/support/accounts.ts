/** Creates accounts, users and access keys as the administration commands do. */
import { addAccessKey } from '../../src/admin-commands/access-keys.ts'
import { addAccount } from '../../src/admin-commands/accounts.ts'
import type { TestService } from './service.ts'
import type { Credentials } from './signed-request.ts'

/** A policy statement. */
export type Statement = Readonly<Record<string, unknown>>

/** Text of a policy with those statements. */
export function policyOf(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** A statement that allows actions, by the names of operations or wildcards, on everything. */
export function allow(...operations: readonly string[]): Statement {
  return {
    Effect: 'Allow',
    Action: operations.map((operation) => `acm-pca:${operation}`),
    Resource: '*',
  }
}

export const otherAccountId = '210987654321'

/** Creates an account. */
export async function createAccount(
  service: TestService,
  accountId: string = otherAccountId,
): Promise<string> {
  await addAccount(service.config, accountId)
  return accountId
}

export interface UserOptions {
  /** The account of the user; by default, that of the service. */
  readonly accountId?: string
  readonly userName?: string
  /** The user has no policy if there are none. */
  readonly statements?: readonly Statement[]
  /** Text of the policy, instead of statements. */
  readonly policy?: string
}

/** Creates a user with an access key. */
export interface User {
  readonly credentials: Credentials
  readonly arn: string
  readonly accountId: string
}

/** Creates an access key for a user of an existing account. */
export async function createUser(service: TestService, options: UserOptions = {}): Promise<User> {
  const { accountId = service.config.accountId, userName = 'tester', statements = [] } = options
  const { AccessKeyId, SecretAccessKey } = await addAccessKey(service.config, {
    accountId,
    userName,
    policy: options.policy ?? (statements.length === 0 ? undefined : policyOf(...statements)),
  })
  return {
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
    arn: `arn:aws:iam::${accountId}:user/${userName}`,
    accountId,
  }
}

/** Returns AWS's error message for an action that no policy of a type allows. */
export function notAllowed(
  user: Pick<User, 'arn'>,
  operation: string,
  where: { readonly resource: string; readonly kind: 'identity' | 'resource' },
): string {
  const action = `acm-pca:${operation}`
  return (
    `AccessDeniedException: User: ${user.arn} is not authorized to perform: ${action} ` +
    `on resource: ${where.resource} because no ${where.kind}-based policy allows the ${action} action`
  )
}

export const readOperations = [
  'DescribeCertificateAuthority',
  'GetCertificate',
  'GetCertificateAuthorityCertificate',
  'ListPermissions',
  'ListTags',
]

export interface SharingOptions {
  readonly arn: string
  readonly principal?: unknown
  readonly template?: string
}

/** The two statements that share a CA, as AWS writes them. */
export function sharingStatements({
  arn,
  principal = otherAccountId,
  template = 'EndEntityCertificate',
}: SharingOptions): [read: Statement, issue: Statement] {
  const shared = { Effect: 'Allow', Principal: { AWS: principal }, Resource: arn }
  const templateArn = `arn:aws:acm-pca:::template/${template}/V1`
  return [
    { Sid: '1', ...shared, Action: readOperations.map((operation) => `acm-pca:${operation}`) },
    {
      Sid: '1',
      ...shared,
      Action: 'acm-pca:IssueCertificate',
      Condition: { StringEquals: { 'acm-pca:TemplateArn': templateArn } },
    },
  ]
}

/** Attaches the policy that shares a CA. */
export async function share(service: TestService, options: SharingOptions): Promise<void> {
  const Policy = policyOf(...sharingStatements(options))
  await service.must('PutPolicy', { ResourceArn: options.arn, Policy })
}
