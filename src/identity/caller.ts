/** The authenticated principal of a request. */
export interface Caller {
  /** AWS partition of the Region, such as `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string
  /** Region in the scope of the request's signature. Resources in other Regions are not visible to the caller. */
  readonly region: string
  /** Account ID with twelve digits; for a service, the account on whose behalf it acts. */
  readonly accountId: string
  /** ID of the account's organization, such as `o-…`, if it belongs to one. */
  readonly organizationId: string | undefined
  /**
   * ARN of a user, role session or endpoint, or name of a service; for example `arn:aws:iam::123456789012:user/administrator`.
   */
  readonly arn: string
  readonly accessKeyId: string
  readonly principal: CallingPrincipal
  /** Identity policies as JSON; an empty list allows nothing. */
  readonly policies: readonly string[]
  /** Session policies as JSON, which further limit a session; undefined if the session was created without any. */
  readonly sessionPolicies: readonly string[] | undefined
}

/** The type of principal, with the properties of that type. */
type CallingPrincipal = CallingUser | RoleSession | CallingService | CallingEndpoint

interface CallingUser {
  readonly kind: 'user'
  readonly userName: string
  /** Unique ID of the user: `AIDA` followed by 16 characters. */
  readonly userId: string
  readonly tags: Tags
}

/**
 * Properties of a role session that are stored in its session token and copied to the caller of its requests (STS API,
 * AssumeRole).
 */
export interface SessionProperties {
  /** The role's unique ID: `AROA` followed by 16 characters. */
  readonly roleId: string
  readonly sessionName: string
  readonly issuedAt: Date
  readonly tags: Tags
  /** Session tags that are passed on to sessions created with this session's credentials. */
  readonly transitiveTags: Tags
  readonly sourceIdentity: string | undefined
  /** ARN of the identity provider that issued the session's web identity token. */
  readonly federatedProvider: string | undefined
  /** The person who started the session (person.ts); absent in tokens from earlier versions. */
  readonly origin?: string | undefined
}

/** A role session as a caller. The caller's tags are the role's tags, overridden by the session's tags. */
interface RoleSession extends SessionProperties {
  readonly kind: 'role-session'
  readonly roleName: string
}

/** A service that acts on behalf of an account (AWS Private CA API, CreatePermission). */
interface CallingService {
  readonly kind: 'service'
  /** The service's name, such as `acm.amazonaws.com`. */
  readonly name: string
  /** ARN of the resource on whose behalf the service acts, if known. */
  readonly sourceArn: string | undefined
}

/** An enrollment endpoint that acts on behalf of its clients. */
interface CallingEndpoint {
  readonly kind: 'endpoint'
  readonly protocol: 'acme' | 'est'
  /** Name of the endpoint, unique for its protocol. */
  readonly name: string
}

/** The only service that CreatePermission accepts as a principal (AWS Private CA API, CreatePermission). */
export const acmServicePrincipal = 'acm.amazonaws.com'

/** A principal's tag values by tag key. */
export type Tags = Readonly<Record<string, string>>

/** Returns the name of the calling service, or undefined if the caller is not a service. */
export function serviceOf({ principal }: Caller): string | undefined {
  return principal.kind === 'service' ? principal.name : undefined
}

/** Merges two sets of tags, in which `others` takes precedence. The case of tag keys is ignored. */
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
