/** Calls of STS, and the principals that they are about, as the administration commands make them. */
import { addIdentityProvider } from '../../src/admin-commands/identity-providers.ts'
import { putPolicy } from '../../src/admin-commands/policies.ts'
import { addRole } from '../../src/admin-commands/roles.ts'
import { policyOf, type Statement } from './accounts.ts'
import type { TestService } from './service.ts'
import { signedHeaders, type Credentials } from './signed-request.ts'

export interface StsAnswer {
  readonly status: number
  /** XML. */
  readonly text: string
  /** Content of the first element of that name; undefined if there is none. */
  readonly get: (name: string) => string | undefined
}

export interface StsOptions {
  /** The administrator's unless said otherwise; null for a call that is not signed. */
  readonly credentials?: Credentials | null
  readonly region?: string
  /** In the scope of the signature. */
  readonly signedFor?: string
}

/** One call; `Action` is given, `Version` added. */
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

/** What STS answered. */
export async function answerOf(response: Response): Promise<StsAnswer> {
  const text = await response.text()
  return {
    status: response.status,
    text,
    get: (name) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1],
  }
}

/** Code and message of a refusal; `200` for what was not refused. */
export function outcomeOf({ status, get }: StsAnswer): string {
  return status === 200 ? '200' : `${status} ${get('Code')}: ${get('Message')}`
}

export interface RoleOptions {
  /** That of the service unless said otherwise. */
  readonly accountId?: string
  readonly roleName?: string
  /** Statements of its trust policy. */
  readonly trust: readonly Statement[]
  /** Statements of its one policy; none if there are none. */
  readonly statements?: readonly Statement[]
  readonly sessionSecondsMax?: number
  readonly tags?: Readonly<Record<string, string>>
}

/** Makes a role: its ARN. */
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

/** A statement of a trust policy that lets principals take the role on. */
export function trusting(principal: unknown, more: object = {}): Statement {
  return { Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...more }
}

/** Who takes a role on, if not the administrator, and further parameters. */
export interface Asking {
  readonly credentials?: Credentials
  readonly [parameter: string]: unknown
}

/** Takes a role on, as the administrator or with other credentials. */
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

/** Credentials in an answer. Throws if it is a refusal. */
export function credentialsOf(answer: StsAnswer): Credentials {
  if (answer.status !== 200) throw new Error(answer.text)
  return {
    accessKeyId: answer.get('AccessKeyId') ?? '',
    secretAccessKey: answer.get('SecretAccessKey') ?? '',
    sessionToken: answer.get('SessionToken') ?? '',
  }
}

/** Lets the account trust an issuer, with the keys given or to be asked for. */
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
