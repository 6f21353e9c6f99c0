/** Events about CAs in EventBridge format (AWS Private CA User Guide, CloudWatch Events). */
import { isoSeconds } from '../text/iso-time.ts'

/** AWS's five detail types, and Signet's own type for CA expiry. AWS reports CA expiry through another service. */
type EventType =
  | 'ACM Private CA Creation'
  | 'ACM Private CA Certificate Issuance'
  | 'ACM Private CA Certificate Revocation'
  | 'ACM Private CA CRL Generation'
  | 'ACM Private CA Audit Report Generation'
  | 'Signet CA Certificate Expiry'

/** AWS's messages for failed CRL publications. */
export const crlFailures = {
  refused: 'Failed to write CRL to S3. Check your S3 bucket permissions.',
  unwritten: 'Failed to write CRL to S3. Internal failure.',
  unsigned: 'Failed to generate CRL. Internal failure.',
} as const

/** The content of an event. */
export interface EventDetails {
  readonly type: EventType
  readonly authority: { readonly accountId: string; readonly region: string }
  readonly time: Date
  /** ARN of the CA, followed by the event's other resources. */
  readonly resources: readonly string[]
  readonly detail: Readonly<Record<string, string | number>> & {
    readonly result: 'success' | 'failure'
  }
}

export interface EventBridgeEvent {
  readonly version: '0'
  readonly id: string
  readonly 'detail-type': EventType
  readonly source: 'aws.acm-pca'
  readonly account: string
  /** Time of the event in UTC, in whole seconds. */
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: EventDetails['detail']
}

/** Creates an event for the log and for delivery. `id` is the event's UUID. */
export function eventOf(occurrence: EventDetails, id: string): EventBridgeEvent {
  const { type, authority, time, resources, detail } = occurrence
  return {
    version: '0',
    id,
    'detail-type': type,
    source: 'aws.acm-pca',
    account: authority.accountId,
    time: isoSeconds(time),
    region: authority.region,
    resources,
    detail,
  }
}
