/** Who asks, as Signature V4 proved it. */
export interface Caller {
  /** AWS partition of the Region: `aws`, `aws-cn`, `aws-us-gov`, … */
  readonly partition: string
  /** Region in the scope of the request's signature; resources of other Regions are not seen. */
  readonly region: string
  /** Twelve digits. */
  readonly accountId: string
  /** IAM ARN of the caller, for example `arn:aws:iam::123456789012:user/administrator`. */
  readonly arn: string
  readonly accessKeyId: string
  readonly userName: string
  /** Identity policies, JSON texts; none allows nothing. */
  readonly policies: readonly string[]
}
