/** Who asks, as Signature V4 proved it. */
export interface Caller {
  /** AWS partition of the Region: `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string
  /** Region in the scope of the request's signature; resources of other Regions are not seen. */
  readonly region: string
  /** Twelve digits; of a service the account that it acts for. */
  readonly accountId: string
  /** Organization that the account is in: `o-…`. */
  readonly organizationId: string | undefined
  /**
   * ARN of the caller: `arn:aws:iam::123456789012:user/administrator`, that of a role's session, or the name of a
   * service.
   */
  readonly arn: string
  readonly accessKeyId: string
  readonly principal: CallingPrincipal
  /** Identity policies, JSON texts; none allows nothing. */
  readonly policies: readonly string[]
  /** What a session is held to beside the policies of its role; undefined if it is held to nothing. */
  readonly sessionPolicies: readonly string[] | undefined
}

/** What kind of principal a caller is. */
type CallingPrincipal = CallingUser | RoleSession | CallingService

interface CallingUser {
  readonly kind: 'user'
  readonly userName: string
  /** `AIDA` and 16 characters. */
  readonly userId: string
  readonly tags: Tags
}

/** The part of a session of a role that its token and its calls have in common (STS API, AssumeRole). */
export interface SessionProperties {
  /** `AROA` and 16 characters. */
  readonly roleId: string
  readonly sessionName: string
  readonly issuedAt: Date
  readonly tags: Tags
  /** Those of its own tags that a session made with its credentials has too. */
  readonly transitiveTags: Tags
  readonly sourceIdentity: string | undefined
  /** ARN of the identity provider whose token it was made with. */
  readonly federatedProvider: string | undefined
}

/** A session as a caller; its tags are those of the role, overridden by those of the session. */
interface RoleSession extends SessionProperties {
  readonly kind: 'role-session'
  readonly roleName: string
}

/** A service that acts for an account (AWS Private CA API, CreatePermission). */
export interface CallingService {
  readonly kind: 'service'
  /** `acm.amazonaws.com`. */
  readonly name: string
  /** ARN of the resource that it acts for, if one is known. */
  readonly sourceArn: string | undefined
}

/** The one service that permissions can be given to (AWS Private CA API, CreatePermission). */
export const acmServicePrincipal = 'acm.amazonaws.com'

/** Tags of a principal: values by key. */
export type Tags = Readonly<Record<string, string>>

/** Name of the service that asks; undefined if none does. */
export function serviceOf({ principal }: Caller): string | undefined {
  return principal.kind === 'service' ? principal.name : undefined
}

/** Tags with others that come before them, whatever the case of their keys. */
export function overriddenTags(tags: Tags, others: Tags): Tags {
  const keys = new Set(Object.keys(others).map((key) => key.toLowerCase()))
  const inherited = Object.entries(tags).filter(([key]) => !keys.has(key.toLowerCase()))
  return { ...Object.fromEntries(inherited), ...others }
}

/** The unique id of a caller (IAM User Guide, IAM identifiers): what STS and `aws:userid` say. */
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
