/** Information about the server, available only from Signet. */
import type { CallOptions } from './inputs.ts'
import { ownMethods } from './own-operations.ts'
import type { SdkClient } from './sdk-client.ts'

/** A background job on the server. */
export interface ServerJob {
  readonly Name: string
  readonly EverySeconds?: number
  readonly LastStartedAt?: Date
  readonly LastSucceededAt?: Date
  /** Error from the last failed run; absent once a run succeeds. */
  readonly LastError?: string
  readonly NextRunAt?: Date
  /** The last run that found work: its end, its duration, and its numbers of finished and failed items. */
  readonly LastWorkAt?: Date
  readonly LastWorkMilliseconds?: number
  readonly LastWorkDone?: number
  readonly LastWorkFailed?: number
  /** Numbers of items that are due, items that failed earlier, and items in progress. */
  readonly Due?: number
  readonly Failing?: number
  readonly Running?: number
}

/** The most recent backup. For a backup created by an earlier version, only the time is recorded. */
export interface ServerBackup {
  readonly CreatedAt: Date
  readonly Destination?: string
  readonly Host?: string
  readonly File?: string
  readonly SizeBytes?: number
  readonly Sha256?: string
  /** Kinds of keys that decrypt the backup, such as `passphrase` or `X25519`. */
  readonly EncryptedFor?: readonly string[]
  readonly HasMasterKey?: boolean
  readonly SchemaVersion?: number
  readonly Rows?: number
}

/** A server setting. Secret settings are redacted. */
export interface ServerSetting {
  /** Name of the flag, without leading hyphens. */
  readonly Name: string
  readonly Group: string
  readonly Value?: string
  readonly Source: 'FLAG' | 'ENVIRONMENT' | 'DEFAULT'
}

/** The server that responded to the call. */
export interface ServerDescription {
  readonly Version: string
  readonly NodeVersion: string
  readonly Host: string
  readonly StartedAt: Date
  readonly CurrentTime: Date
  /** Number of worker processes that serve requests. */
  readonly Workers: number
  readonly Health: { readonly Status: 'OK' | 'UNAVAILABLE'; readonly Reason?: string }
  readonly Database: {
    readonly Engine: string
    readonly SchemaVersion: number
    readonly SizeBytes: number
  }
  /** Key stores that new CAs can use. */
  readonly KeyStores: readonly { readonly Store: string; readonly Standard?: string }[]
  readonly PublicUrl: string
  readonly Settings: readonly ServerSetting[]
}

/** The client's methods for the server. Only Signet has these operations. */
export interface ServerOperations {
  /**
   * Returns the server's version, health and settings.
   *
   * @throws ClientError `AccessDeniedException`
   * @example
   * const { Server } = await client.describeServer()
   */
  describeServer(
    input?: object,
    options?: CallOptions,
  ): Promise<{ readonly Server: ServerDescription }>
  /**
   * Lists the server's background jobs.
   *
   * @throws ClientError `AccessDeniedException`
   * @example
   * const { Jobs } = await client.listJobs()
   */
  listJobs(input?: object, options?: CallOptions): Promise<{ readonly Jobs: readonly ServerJob[] }>
  /**
   * Returns the last backup, or undefined if there is none.
   *
   * @throws ClientError `AccessDeniedException`
   * @example
   * const { LastBackup } = await client.listBackups()
   */
  listBackups(
    input?: object,
    options?: CallOptions,
  ): Promise<{ readonly LastBackup?: ServerBackup }>
}

export function serverOperations(sdk: SdkClient): ServerOperations {
  const method = ownMethods(sdk)
  return {
    describeServer: method('describeServer', {}),
    listJobs: method('listJobs', {}),
    listBackups: method('listBackups', {}),
  }
}
