/** ARNs of principals (IAM User Guide, IAM ARNs). */

/** Partition and account of a principal. */
interface Home {
  readonly partition: string
  /** Twelve digits. */
  readonly accountId: string
}

export function userArn({ partition, accountId }: Home, userName: string): string {
  return `arn:${partition}:iam::${accountId}:user/${userName}`
}

export function roleArn({ partition, accountId }: Home, roleName: string): string {
  return `arn:${partition}:iam::${accountId}:role/${roleName}`
}

/** The ARN of a role session. */
export function sessionArn(
  { partition, accountId }: Home,
  { roleName, sessionName }: { readonly roleName: string; readonly sessionName: string },
): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`
}

/** The ARN of an OpenID Connect identity provider, from its issuer URL. */
export function providerArn({ partition, accountId }: Home, issuer: string): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/${placeOfIssuer(issuer)}`
}

/** The issuer URL without `https://`, as ARNs and condition keys contain it. */
export function placeOfIssuer(issuer: string): string {
  return issuer.replace(/^https?:\/\//, '')
}
