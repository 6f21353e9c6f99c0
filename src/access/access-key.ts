/** A long-term access key with what is known of its user. */
export interface AccessKey {
  readonly accessKeyId: string
  /** In clear. Never logged, never answered. */
  readonly secretAccessKey: string
  /** Twelve digits. */
  readonly accountId: string
  readonly userName: string
  /** Identity policy of the user, JSON text; undefined allows nothing. */
  readonly policy: string | undefined
  /** An inactive key authenticates nobody. */
  readonly active: boolean
}

/** The access key with this id, or undefined. */
export type FindAccessKey = (accessKeyId: string) => Promise<AccessKey | undefined>
