/** ARNs of principals (IAM User Guide, IAM ARNs). */

/** Where a principal belongs. */
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

/** Of a session of a role. */
export function sessionArn(
  { partition, accountId }: Home,
  { roleName, sessionName }: { readonly roleName: string; readonly sessionName: string },
): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`
}

/** Of an OpenID Connect identity provider, by the URL of its issuer. */
export function providerArn({ partition, accountId }: Home, issuer: string): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/${placeOfIssuer(issuer)}`
}

/** An issuer without its scheme, as ARNs and condition keys have it. */
export function placeOfIssuer(issuer: string): string {
  return issuer.replace(/^https?:\/\//, '')
}
