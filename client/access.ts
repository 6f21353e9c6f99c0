/**
 * An account's users, roles, access keys and identity providers, as returned by Signet's API. On AWS, the corresponding
 * operations belong to the IAM API.
 */
import { numberRule, textRule, type OptionRules } from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

/** A tag of a user or role. */
export interface PrincipalTag {
  readonly Key: string
  readonly Value: string
}

/** A user of the account. */
export interface ListedUser {
  readonly UserName: string
  /** The user's unique ID: `AIDA` followed by 16 characters. */
  readonly UserId: string
  readonly AccountId: string
  readonly Arn: string
  readonly Tags: readonly PrincipalTag[]
  readonly CreateDate: Date
  readonly PolicyCount: number
  readonly AccessKeyCount: number
  /** Time at which any of the user's access keys was last used, to the minute; absent if no key has been used. */
  readonly LastUsedDate?: Date
}

/** An access key of a user or a service, without its secret. */
export interface ListedAccessKey {
  readonly AccessKeyId: string
  readonly AccountId: string
  /** The user name is absent for a service's access key. */
  readonly UserName?: string
  /** Name of the service that owns the access key, such as `acm.amazonaws.com`. */
  readonly ServicePrincipal?: string
  /** ARN of the resource that the service acts for. */
  readonly SourceArn?: string
  readonly Status: 'Active' | 'Inactive'
  readonly CreateDate: Date
  /** Whether the access key has its own policy, in addition to the user's policies. */
  readonly HasPolicy: boolean
  /** Time of the access key's last use, to the minute; absent if the access key has never been used. */
  readonly LastUsedDate?: Date
  readonly LastUsedRegion?: string
  /** Service called with the access key most recently: `acm-pca` or `sts`. */
  readonly LastUsedService?: string
}

/** A policy of a user or role. */
export interface IdentityPolicy {
  readonly PolicyName: string
  /** The policy document as JSON. */
  readonly PolicyDocument: string
}

/** An access key, with its own policy as JSON. */
export interface AccessKeyWithPolicy extends ListedAccessKey {
  readonly PolicyDocument?: string
}

/**
 * A user with at most 100 policies and 100 access keys. The policy and key counts are totals, even if some policies or keys are
 * omitted.
 */
export interface UserDetails extends ListedUser {
  readonly Policies: readonly IdentityPolicy[]
  readonly AccessKeys: readonly AccessKeyWithPolicy[]
}

/** A role of the account. */
export interface ListedRole {
  readonly RoleName: string
  /** The role's unique ID: `AROA` followed by 16 characters. */
  readonly RoleId: string
  readonly AccountId: string
  readonly Arn: string
  /** Maximum session duration in seconds. */
  readonly MaxSessionDuration: number
  readonly Tags: readonly PrincipalTag[]
  readonly CreateDate: Date
  readonly PolicyCount: number
}

/** A role with at most 100 of its policies. The policy count is the total, even if some policies are omitted. */
export interface RoleDetails extends ListedRole {
  /** Trust policy of the role, as JSON. */
  readonly AssumeRolePolicyDocument: string
  readonly Policies: readonly IdentityPolicy[]
}

/** A stored public key of an identity provider. */
export interface ProviderKey {
  /** The `kid` of the key, if it has one. */
  readonly KeyId?: string
  /** The `kty` of the key, such as `EC`. */
  readonly KeyType: string
  /** SHA-256 thumbprint in base64url (RFC 7638). The thumbprint is absent if the key is malformed. */
  readonly Thumbprint?: string
}

/** An OpenID Connect identity provider that the account's roles can trust. */
export interface ListedIdentityProvider {
  readonly Arn: string
  readonly AccountId: string
  /** The issuer's URL. */
  readonly Url: string
  /** Accepted audiences of tokens. */
  readonly ClientIDList: readonly string[]
  /** Source of the public keys: `ISSUER` if the server fetches the keys from the issuer; `STORED` if the provider has `Keys`. */
  readonly KeySource: 'ISSUER' | 'STORED'
  readonly Keys: readonly ProviderKey[]
  readonly CreateDate: Date
}

/** The page that a list method returns. */
export interface ListInput {
  /** Maximum number of items on the page, from 1 to 1000. The default page size is 100. */
  readonly MaxResults?: number
  /** NextToken from the previous page. */
  readonly NextToken?: string
}

/** The input of listAccessKeys: a filter and a page. */
export interface ListAccessKeysInput extends ListInput {
  /** User whose access keys are listed; by default, all access keys of the account are listed. */
  readonly UserName?: string
}

/** The token of the next page; absent on the last page. */
interface NextPage {
  readonly NextToken?: string
}

/** A page of users, sorted by name. */
export interface ListUsersOutput extends NextPage {
  readonly Users: readonly ListedUser[]
}

/** A page of roles, sorted by name. */
export interface ListRolesOutput extends NextPage {
  readonly Roles: readonly ListedRole[]
}

/** A page of access keys, oldest first. */
export interface ListAccessKeysOutput extends NextPage {
  readonly AccessKeys: readonly ListedAccessKey[]
}

/** A page of identity providers, sorted by URL. */
export interface ListIdentityProvidersOutput extends NextPage {
  readonly IdentityProviders: readonly ListedIdentityProvider[]
}

/** The client's methods for users, roles and access keys. Only Signet's API can list users, roles and access keys. */
export interface AccessOperations {
  /**
   * Returns a page of the account's users.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`
   * @example
   * const { Users } = await client.listUsers({ MaxResults: 1000 })
   */
  listUsers(input?: ListInput, options?: CallOptions): Promise<ListUsersOutput>
  /**
   * Returns a user with its policies and access keys.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`
   * @example
   * const { User } = await client.getUser({ UserName: 'alice' })
   */
  getUser(
    input: { readonly UserName: string },
    options?: CallOptions,
  ): Promise<{ readonly User: UserDetails }>
  /**
   * Returns a page of the account's roles.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`
   * @example
   * const { Roles } = await client.listRoles()
   */
  listRoles(input?: ListInput, options?: CallOptions): Promise<ListRolesOutput>
  /**
   * Returns a role with its trust policy and policies.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`
   * @example
   * const { Role } = await client.getRole({ RoleName: 'issuer' })
   */
  getRole(
    input: { readonly RoleName: string },
    options?: CallOptions,
  ): Promise<{ readonly Role: RoleDetails }>
  /**
   * Returns a page of access keys, for the account or for one user.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`, `ResourceNotFoundException`
   * @example
   * const { AccessKeys } = await client.listAccessKeys({ UserName: 'alice' })
   */
  listAccessKeys(input?: ListAccessKeysInput, options?: CallOptions): Promise<ListAccessKeysOutput>
  /**
   * Returns a page of the account's identity providers.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidNextTokenException`
   * @example
   * const { IdentityProviders } = await client.listIdentityProviders()
   */
  listIdentityProviders(
    input?: ListInput,
    options?: CallOptions,
  ): Promise<ListIdentityProvidersOutput>
}

const listRules: OptionRules<ListInput> = { MaxResults: numberRule, NextToken: textRule }
const requiredText = { ...textRule, isRequired: true } as const

export function accessOperations(sdk: SdkClient): AccessOperations {
  const method = ownMethods(sdk)
  return {
    listUsers: method('listUsers', listRules),
    getUser: method('getUser', { UserName: requiredText }),
    listRoles: method('listRoles', listRules),
    getRole: method('getRole', { RoleName: requiredText }),
    listAccessKeys: method('listAccessKeys', { ...listRules, UserName: textRule }),
    listIdentityProviders: method('listIdentityProviders', listRules),
  }
}
