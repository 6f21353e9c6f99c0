/** Creates accounts, users and access keys in the same way as the administration commands. */
import { addAccessKey } from '../../src/admin-commands/access-keys.ts'
import { addAccount } from '../../src/admin-commands/accounts.ts'
import type { TestService } from './service.ts'
import type { Credentials } from './signed-request.ts'

/** A policy statement. */
export type Statement = Readonly<Record<string, unknown>>

/** Returns a policy with the given statements as JSON. */
export function policyOf(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** Returns a policy statement that allows operations, given by name or wildcard, on all resources. */
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
  /** The user's account; by default, the service's account. */
  readonly accountId?: string
  readonly userName?: string
  /** Statements of the user's policy; without statements, the user has no policy. */
  readonly statements?: readonly Statement[]
  /** The policy as JSON, used instead of `statements`. */
  readonly policy?: string
}

/** A user with an access key. */
export interface User {
  readonly credentials: Credentials
  readonly arn: string
  readonly accountId: string
}

/** Creates a user with an access key in an existing account. */
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

/** Returns AWS's error message for an action that no policy of a given type allows. */
export function notAllowed(
  user: Pick<User, 'arn'>,
  operation: string,
  context: { readonly resource: string; readonly kind: 'identity' | 'resource' },
): string {
  const action = `acm-pca:${operation}`
  return (
    `AccessDeniedException: User: ${user.arn} is not authorized to perform: ${action} ` +
    `on resource: ${context.resource} because no ${context.kind}-based policy allows the ${action} action`
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

/** Returns the two statements that share a CA, as documented by AWS. */
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

/** Attaches the resource policy that shares a CA. */
export async function share(service: TestService, options: SharingOptions): Promise<void> {
  const Policy = policyOf(...sharingStatements(options))
  await service.must('PutPolicy', { ResourceArn: options.arn, Policy })
}
