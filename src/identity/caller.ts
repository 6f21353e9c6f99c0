/** The authenticated principal of a request. */
export interface Caller {
  /** AWS partition of the Region: `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string
  /** Region in the scope of the request's signature. Resources of other Regions are not visible. */
  readonly region: string
  /** Twelve digits. For a service: the account that it acts for. */
  readonly accountId: string
  /** The account's organization, `o-…`, if it belongs to one. */
  readonly organizationId: string | undefined
  /**
   * `arn:aws:iam::123456789012:user/administrator`, the ARN of a role session, or the name of a service.
   */
  readonly arn: string
  readonly accessKeyId: string
  readonly principal: CallingPrincipal
  /** Identity policies as JSON. An empty list allows nothing. */
  readonly policies: readonly string[]
  /** Session policies as JSON, which limit a session further; undefined if it was created without any. */
  readonly sessionPolicies: readonly string[] | undefined
}

/** The kind of principal, with the properties of that kind. */
type CallingPrincipal = CallingUser | RoleSession | CallingService

interface CallingUser {
  readonly kind: 'user'
  readonly userName: string
  /** `AIDA` followed by 16 characters. */
  readonly userId: string
  readonly tags: Tags
}

/** Properties of a role session that its token and its requests share (STS API, AssumeRole). */
export interface SessionProperties {
  /** `AROA` followed by 16 characters. */
  readonly roleId: string
  readonly sessionName: string
  readonly issuedAt: Date
  readonly tags: Tags
  /** Session tags that are passed on to sessions created with this session's credentials. */
  readonly transitiveTags: Tags
  readonly sourceIdentity: string | undefined
  /** ARN of the identity provider that issued the session's web identity token. */
  readonly federatedProvider: string | undefined
  /** The person who started the session (person.ts). Absent in a token of an earlier version. */
  readonly origin?: string | undefined
}

/** A role session as a caller. Its tags are the role's tags, overridden by the session's tags. */
interface RoleSession extends SessionProperties {
  readonly kind: 'role-session'
  readonly roleName: string
}

/** A service that acts for an account (AWS Private CA API, CreatePermission). */
export interface CallingService {
  readonly kind: 'service'
  /** `acm.amazonaws.com`. */
  readonly name: string
  /** ARN of the resource for which the service acts, if known. */
  readonly sourceArn: string | undefined
}

/** The only service that CreatePermission accepts as principal (AWS Private CA API, CreatePermission). */
export const acmServicePrincipal = 'acm.amazonaws.com'

/** Tag values of a principal by tag key. */
export type Tags = Readonly<Record<string, string>>

/** Returns the name of the calling service; undefined if the caller is not a service. */
export function serviceOf({ principal }: Caller): string | undefined {
  return principal.kind === 'service' ? principal.name : undefined
}

/** Merges two sets of tags. `others` takes precedence; keys are compared without case. */
export function overriddenTags(tags: Tags, others: Tags): Tags {
  const keys = new Set(Object.keys(others).map((key) => key.toLowerCase()))
  const inherited = Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()))
  return { ...Object.fromEntries(inherited), ...others }
}

/** Returns the unique ID of a caller, as in STS responses and `aws:userid` (IAM User Guide, IAM identifiers). */
export function userIdOf({ principal }: Pick<Caller, 'principal'>): string {
  switch (principal.kind) {
    case 'user':
      return principal.userId
    case 'role-session':
      return `${principal.roleId}:${principal.sessionName}`
    case 'service':
      return principal.name
  }
}
