/** Response metadata, which is part of every operation's output. */
export interface CallMetadata {
  readonly $metadata: {
    readonly httpStatusCode?: number | undefined
    /** The request ID, which also appears in the service's log. */
    readonly requestId?: string | undefined
    /** The number of attempts, including the first. */
    readonly attempts?: number | undefined
    /** Total delay between attempts, in milliseconds. */
    readonly totalRetryDelay?: number | undefined
  }
}
