/** ARNs of principals (IAM User Guide, IAM ARNs). */

/** Partition and account of a principal. */
interface Home {
  readonly partition: string
  /** Account ID with twelve digits. */
  readonly accountId: string
}

export function userArn({ partition, accountId }: Home, userName: string): string {
  return `arn:${partition}:iam::${accountId}:user/${userName}`
}

export function roleArn({ partition, accountId }: Home, roleName: string): string {
  return `arn:${partition}:iam::${accountId}:role/${roleName}`
}

/** Returns the ARN of a role session. */
export function sessionArn(
  { partition, accountId }: Home,
  { roleName, sessionName }: { readonly roleName: string; readonly sessionName: string },
): string {
  return `arn:${partition}:sts::${accountId}:assumed-role/${roleName}/${sessionName}`
}

/** Returns the ARN of the OpenID Connect identity provider with the given issuer URL. */
export function providerArn({ partition, accountId }: Home, issuer: string): string {
  return `arn:${partition}:iam::${accountId}:oidc-provider/${placeOfIssuer(issuer)}`
}

/** Returns the ARN of an enrollment endpoint, which exists in the Region of its CA. */
export function endpointArn(
  { partition, region, accountId }: Home & { readonly region: string },
  { protocol, name }: { readonly protocol: 'acme' | 'est'; readonly name: string },
): string {
  return `arn:${partition}:signet:${region}:${accountId}:${protocol}/${name}`
}

/** Returns whether an ARN identifies an ACME endpoint. */
export function isAcmeEndpointArn(arn: string): boolean {
  return /^arn:[^:]*:signet:[^:]*:[^:]*:acme\//.test(arn)
}

/** Returns the issuer URL without `https://`, as in ARNs and condition keys. */
export function placeOfIssuer(issuer: string): string {
  return issuer.replace(/^https?:\/\//, '')
}
