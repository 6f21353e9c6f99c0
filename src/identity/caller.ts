/** The authenticated principal of a request. */
export interface Caller {
  /** AWS partition of the Region: `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string
  /** Region in the scope of the request's signature. Resources in other Regions are not visible. */
  readonly region: string
  /** Account ID: twelve digits. For a service, the account that it acts for. */
  readonly accountId: string
  /** The account's organization, `o-…`, if it belongs to one. */
  readonly organizationId: string | undefined
  /**
   * A user's ARN, such as `arn:aws:iam::123456789012:user/administrator`, the ARN of a role session or an endpoint, or a service's
   * name.
   */
  readonly arn: string
  readonly accessKeyId: string
  readonly principal: CallingPrincipal
  /** Identity policies as JSON. An empty list allows nothing. */
  readonly policies: readonly string[]
  /** Session policies as JSON, which limit a session further; undefined if the session was created without any. */
  readonly sessionPolicies: readonly string[] | undefined
}

/** The kind of principal, with the properties of that kind. */
type CallingPrincipal = CallingUser | RoleSession | CallingService | CallingEndpoint

interface CallingUser {
  readonly kind: 'user'
  readonly userName: string
  /** Unique ID: `AIDA` followed by 16 characters. */
  readonly userId: string
  readonly tags: Tags
}

/** Properties of a role session that are both in its token and in the caller of its requests (STS API, AssumeRole). */
export interface SessionProperties {
  /** The role's unique ID: `AROA` followed by 16 characters. */
  readonly roleId: string
  readonly sessionName: string
  readonly issuedAt: Date
  readonly tags: Tags
  /** Session tags that are passed on to sessions that are created with this session's credentials. */
  readonly transitiveTags: Tags
  readonly sourceIdentity: string | undefined
  /** ARN of the identity provider that issued the session's web identity token. */
  readonly federatedProvider: string | undefined
  /** The person who started the session (person.ts). Absent in tokens from earlier versions. */
  readonly origin?: string | undefined
}

/** A role session as a caller. Its tags are the role's tags, overridden by the session's tags. */
interface RoleSession extends SessionProperties {
  readonly kind: 'role-session'
  readonly roleName: string
}

/** A service that acts for an account (AWS Private CA API, CreatePermission). */
interface CallingService {
  readonly kind: 'service'
  /** The service's name, such as `acm.amazonaws.com`. */
  readonly name: string
  /** ARN of the resource that the service acts for, if known. */
  readonly sourceArn: string | undefined
}

/** An endpoint for enrollment, on behalf of its clients. */
interface CallingEndpoint {
  readonly kind: 'endpoint'
  readonly protocol: 'acme' | 'est'
  /** Unique among the endpoints of the protocol. */
  readonly name: string
}

/** The only service that CreatePermission accepts as a principal (AWS Private CA API, CreatePermission). */
export const acmServicePrincipal = 'acm.amazonaws.com'

/** A principal's tag values by tag key. */
export type Tags = Readonly<Record<string, string>>

/** Returns the name of the calling service; undefined if the caller is not a service. */
export function serviceOf({ principal }: Caller): string | undefined {
  return principal.kind === 'service' ? principal.name : undefined
}

/** Merges two sets of tags. `others` takes precedence. The case of keys is ignored. */
export function overriddenTags(tags: Tags, others: Tags): Tags {
  const keys = new Set(Object.keys(others).map((key) => key.toLowerCase()))
  const inherited = Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()))
  return { ...Object.fromEntries(inherited), ...others }
}

/** Returns a caller's unique ID, as in STS responses and `aws:userid` (IAM User Guide, IAM identifiers). */
export function userIdOf({ principal }: Pick<Caller, 'principal'>): string {
  switch (principal.kind) {
    case 'user':
      return principal.userId
    case 'role-session':
      return `${principal.roleId}:${principal.sessionName}`
    case 'service':
      return principal.name
    case 'endpoint':
      return `${principal.protocol}/${principal.name}`
  }
}
