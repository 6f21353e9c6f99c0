/** Calls to the Security Token Service (STS), whose responses are XML. */
import { decodeEntities, parseStsError } from './errors.ts'
import { fetchFromServer } from './fetch.ts'
import type { Credentials } from './sigv4.ts'

interface TemporaryCredentials extends Credentials {
  /** Time in milliseconds since 1970 according to the browser's clock. */
  readonly expiresAt: number
}

/** A role session with temporary credentials. */
export interface RoleSession {
  readonly credentials: TemporaryCredentials
  readonly arn: string
}

export interface RoleRequest {
  readonly roleArn: string
  readonly sessionName: string
}

export function assumeRoleParameters({
  roleArn,
  sessionName,
}: RoleRequest): Readonly<Record<string, string>> {
  return { Action: 'AssumeRole', RoleArn: roleArn, RoleSessionName: sessionName }
}

/** Exchanges an ID token for temporary credentials, with an unsigned request. Rejects with ApiError. */
export async function assumeRoleWithWebIdentity(
  endpoint: URL,
  { roleArn, sessionName, idToken }: RoleRequest & { readonly idToken: string },
): Promise<RoleSession> {
  const operation = 'AssumeRoleWithWebIdentity'
  const response = await fetchFromServer(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: formOf({
      Action: operation,
      RoleArn: roleArn,
      RoleSessionName: sessionName,
      WebIdentityToken: idToken,
    }),
  })
  const text = await response.text()
  if (!response.ok) throw parseStsError(response, text, operation)
  return roleSessionOf(text, serverTimeOf(response))
}

export function formOf(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString()
}

/** Returns the content of the first XML element with the given name, or an empty string. */
export function memberOf(xml: string, name: string): string {
  return decodeEntities(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? '')
}

/**
 * Parses temporary credentials. The credentials' expiry is converted to the browser's clock, which may differ from the server's.
 */
export function roleSessionOf(xml: string, serverTime: number): RoleSession {
  const lifetime = Date.parse(memberOf(xml, 'Expiration')) - serverTime
  return {
    credentials: {
      accessKeyId: memberOf(xml, 'AccessKeyId'),
      secretAccessKey: memberOf(xml, 'SecretAccessKey'),
      sessionToken: memberOf(xml, 'SessionToken'),
      expiresAt: Date.now() + lifetime,
    },
    arn: memberOf(xml, 'Arn'),
  }
}

export function serverTimeOf({ headers }: Pick<Response, 'headers'>): number {
  const time = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(time) ? Date.now() : time
}
