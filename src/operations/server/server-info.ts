/** Facts about the server that its operator may read. */
import type { JobTimes } from '../../jobs/scheduler/job-times.ts'

export interface ServerInfo {
  readonly settings: readonly ServerSetting[]
  readonly database: { readonly engine: string; readonly schemaVersion: number }
  readonly keyStores: readonly KeyStoreUse[]
  /** The health check of `/healthz`: the reason why the server cannot serve requests, or undefined. */
  readonly health: () => Promise<Error | undefined>
  readonly state: () => Promise<ServerState>
}

/** A setting with the value that is in effect. */
interface ServerSetting {
  /** Name of the flag, without the hyphens at its start. */
  readonly name: string
  readonly group: string
  /** Undefined if there is neither a value nor a default. Secrets are redacted. */
  readonly value: string | undefined
  readonly source: 'FLAG' | 'ENVIRONMENT' | 'DEFAULT'
}

/** The store for the keys of new CAs. */
interface KeyStoreUse {
  readonly store: string
  /** The standard of these CAs. Undefined for the store of all other CAs. */
  readonly standard: string | undefined
}

/** State of the process that owns the data. */
export interface ServerState {
  readonly startedAt: Date
  /** Number of processes that answer requests. */
  readonly workers: number
  readonly jobs: readonly JobTimes[]
}
