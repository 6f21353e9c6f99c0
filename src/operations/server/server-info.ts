/** Facts about the server that its operator may read. */
import type { JobTimes } from '../../jobs/scheduler/job-times.ts'

export interface ServerInfo {
  readonly settings: readonly ServerSetting[]
  readonly database: { readonly engine: string; readonly schemaVersion: number }
  readonly keyStores: readonly KeyStoreUse[]
  /** The health check of `/healthz`: returns why the server cannot serve requests, or undefined. */
  readonly health: () => Promise<Error | undefined>
  readonly state: () => Promise<ServerState>
}

/** A setting with the value in effect. */
interface ServerSetting {
  /** Name of the flag, without leading hyphens. */
  readonly name: string
  readonly group: string
  /** Value of the setting; undefined if there is neither a value nor a default. Secret settings are redacted. */
  readonly value: string | undefined
  readonly source: 'FLAG' | 'ENVIRONMENT' | 'DEFAULT'
}

/** The key store for new CAs. */
interface KeyStoreUse {
  readonly store: string
  /** Security standard of the CAs that use the key store; undefined for the key store of all other CAs. */
  readonly standard: string | undefined
}

/** State of the process that owns the data. */
export interface ServerState {
  readonly startedAt: Date
  /** Number of worker processes that serve requests. */
  readonly workers: number
  readonly jobs: readonly JobTimes[]
}
