/** Makes calls to STS, and creates roles and identity providers in the same way as the administration commands. */
import { addIdentityProvider } from '../../src/admin-commands/identity-providers.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import { addRole } from '../../src/admin-commands/roles.ts'
import { policyOf, type Statement } from './accounts.ts'
import type { TestService } from './service.ts'
import { signedHeaders, type Credentials } from './signed-request.ts'

export interface StsAnswer {
  readonly status: number
  /** Body of the response, in XML. */
  readonly text: string
  /** Returns the content of the first XML element with the given name, or undefined if there is none. */
  readonly get: (name: string) => string | undefined
}

export interface StsOptions {
  /** Credentials for signing the call, the administrator's by default; null for an unsigned call. */
  readonly credentials?: Credentials | null
  readonly region?: string
  /** Service name in the signature's scope. */
  readonly signedFor?: string
}

/** Makes an STS call. `parameters` contain `Action`, and `Version` is added. */
export async function callSts(
  service: TestService,
  parameters: Readonly<Record<string, string>>,
  { credentials = service.credentials, region = 'eu-west-1', signedFor = 'sts' }: StsOptions = {},
): Promise<StsAnswer> {
  const body = new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString()
  const { url } = service
  const headers =
    credentials === null
      ? { 'content-type': 'application/x-www-form-urlencoded' }
      : signedHeaders({
          url,
          target: undefined,
          service: signedFor,
          body,
          region,
          credentials,
          date: service.clock.now(),
        })
  return answerOf(await fetch(`${url}/`, { method: 'POST', headers, body }))
}

/** Parses a response from STS. */
export async function answerOf(response: Response): Promise<StsAnswer> {
  const text = await response.text()
  return {
    status: response.status,
    text,
    get: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1],
  }
}

/** Returns the status, code and message of an error response, or `200` for a successful response. */
export function outcomeOf({ status, get }: StsAnswer): string {
  return status === 200 ? '200' : `${status} ${get('Code')}: ${get('Message')}`
}

export interface RoleOptions {
  /** The role's account; by default, the service's account. */
  readonly accountId?: string
  readonly roleName?: string
  /** Statements in the trust policy. */
  readonly trust: readonly Statement[]
  /** Statements in the role's policy; without statements, the role has no policy. */
  readonly statements?: readonly Statement[]
  readonly sessionSecondsMax?: number
  readonly tags?: Readonly<Record<string, string>>
}

/** Creates a role and returns its ARN. */
export async function createRole(service: TestService, options: RoleOptions): Promise<string> {
  const { accountId = service.config.accountId, roleName = 'issuer', statements = [] } = options
  const { trust, sessionSecondsMax, tags } = options
  const role = await addRole(
    service.config,
    { accountId, roleName },
    {
      trustPolicy: policyOf(...trust),
      ...(sessionSecondsMax !== undefined && { sessionSecondsMax }),
      ...(tags !== undefined && { tags }),
    },
  )
  if (statements.length > 0)
    await putPolicy(
      service.config,
      { accountId, roleName, userName: undefined },
      { name: 'tests', policy: policyOf(...statements) },
    )
  return role.Arn
}

/** Returns a trust policy statement that allows a principal to assume the role. */
export function trusting(principal: unknown, more: object = {}): Statement {
  return { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }
}

/** The caller's credentials (the administrator's by default), and additional parameters for AssumeRole. */
export interface Asking {
  readonly credentials?: Credentials
  readonly [parameter: string]: unknown
}

/** Assumes a role and returns its temporary credentials. */
export async function assume(
  service: TestService,
  roleArn: string,
  { credentials, ...more }: Asking = {},
): Promise<Credentials> {
  const answer = await callSts(
    service,
    { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: 'job-1', ...more },
    credentials === undefined ? {} : { credentials },
  )
  return credentialsOf(answer)
}

/** Returns the credentials in a response, and throws for an error response. */
export function credentialsOf(answer: StsAnswer): Credentials {
  if (answer.status !== 200) throw new Error(answer.text)
  return {
    accessKeyId: answer.get('AccessKeyId') ?? '',
    secretAccessKey: answer.get('SecretAccessKey') ?? '',
    sessionToken: answer.get('SessionToken') ?? '',
  }
}

/**
 * Adds an identity provider to the account, and returns the provider's ARN. If no key set is given, the server fetches the keys.
 */
export async function trustIssuer(
  service: TestService,
  options: {
    readonly issuer: string
    readonly audiences?: readonly string[]
    readonly keySet?: object
  },
): Promise<string> {
  const { issuer, audiences = ['signet'], keySet } = options
  const provider = await addIdentityProvider(
    service.config,
    { accountId: service.config.accountId, issuer },
    { audiences, ...(keySet !== undefined && { keySet: JSON.stringify(keySet) }) },
  )
  return provider.Arn
}
