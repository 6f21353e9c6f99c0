/** Metadata of a response, which every output of an operation has. */
export interface CallMetadata {
  readonly $metadata: {
    readonly httpStatusCode?: number | undefined
    /** The ID of the request in the log of the service. */
    readonly requestId?: string | undefined
    /** The number of attempts, including the first attempt. */
    readonly attempts?: number | undefined
    /** Total delay between the attempts, in milliseconds. */
    readonly totalRetryDelay?: number | undefined
  }
}
