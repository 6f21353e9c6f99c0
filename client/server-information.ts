/** Information about the server and its record, which Signet returns and AWS does not. */
import { call } from './call.ts'
import {
  checkOptions,
  dateRule,
  numberRule,
  oneOf,
  textRule,
  type OptionRules,
} from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

const entryKinds = [
  'certificate',
  'revocation',
  'crl',
  'ocsp-responses',
  'change',
  'removal',
  'baseline',
  'event',
  'retirement',
] as const

/** The kind of an entry in the record. */
export type RecordEntryKind = (typeof entryKinds)[number]

/** An entry of the record. */
export interface RecordEntry {
  /** Position in the record, counted from 0. */
  readonly Index: number
  /** Undefined if the entry was altered so that it is malformed. `Problem` is then present. */
  readonly Time?: Date
  readonly Kind?: RecordEntryKind
  /** ARN of a principal, name of a service, or `job:NAME`. */
  readonly Principal?: string
  readonly OperatingSystemUser?: string
  /** User that ran `sudo`. */
  readonly SudoUser?: string
  readonly Host?: string
  /** Command that worked on the data folder. */
  readonly Command?: string
  readonly CertificateAuthorityArn?: string
  /** Serial number of the certificate in hexadecimal. */
  readonly SerialNumber?: string
  /** Hexadecimal SHA-256 of the certificate or CRL. */
  readonly Sha256?: string
  /** Table of the changed row, and its key as a JSON array. */
  readonly Table?: string
  readonly Key?: string
  /** JSON whose members depend on the kind. */
  readonly Detail?: string
  /** SHA-256 of the entry in base64 (RFC 6962). */
  readonly LeafHash: string
  readonly Problem?: string
}

/** Filters for entries of the record. The filters are combined with AND. */
export interface RecordSearch {
  /** Part of the principal, the operating-system user, or the user that ran `sudo`. */
  readonly Principal?: string
  readonly CertificateAuthorityArn?: string
  readonly SerialNumber?: string
  readonly Kind?: RecordEntryKind
  readonly Since?: Date
  /** End of the time range, exclusive. */
  readonly Until?: Date
}

/** The input of listRecordEntries: a search and a page. */
export interface ListRecordEntriesInput extends RecordSearch {
  /** Maximum number of entries on the page: 1 to 1000. */
  readonly MaxResults?: number
  /** NextToken of the previous page. */
  readonly NextToken?: string
}

/** A page of entries, newest first. */
export interface ListRecordEntriesOutput {
  readonly Entries: readonly RecordEntry[]
  /** Time of the oldest entry that was read for this page. */
  readonly SearchedSince?: Date
  /** Token of the next page. The token may be present even if this page is empty; it is absent on the last page. */
  readonly NextToken?: string
}

/** The input of getRecordEntry. */
export interface RecordEntryInput {
  readonly Index: number
  /** CA that the entry is about, for principals that have permission only for this CA. */
  readonly CertificateAuthorityArn?: string
}

/** An entry with the proof that the newest checkpoint covers it. */
export interface GetRecordEntryOutput {
  readonly Entry: RecordEntry
  /** Data of the entry in base64, over which its hash is computed. */
  readonly LeafData: string
  /** Signed note with the size and the root hash of the record (C2SP tlog-checkpoint). */
  readonly Checkpoint: string
  /** Key that signs checkpoints: NAME+ID+KEY. */
  readonly Key: string
  readonly TreeSize: number
  /** Hashes in base64 (RFC 6962). Undefined if no checkpoint covers the entry yet. */
  readonly InclusionProof?: readonly string[]
  readonly Problem?: string
}

/** The newest checkpoint of the record. */
export interface GetRecordCheckpointOutput {
  readonly Checkpoint: string
  readonly Key: string
  readonly Size: number
  readonly RootHash?: string
  readonly SignedAt: Date
  /** Number of entries, including those that the checkpoint does not cover yet. */
  readonly EntryCount: number
  /** Proof that the record begins with the entries of the earlier checkpoint: hashes in base64. */
  readonly ConsistencyProof?: readonly string[]
  readonly Problem?: string
}

/** A background job of the server. */
export interface ServerJob {
  readonly Name: string
  readonly EverySeconds?: number
  readonly LastStartedAt?: Date
  readonly LastSucceededAt?: Date
  /** Error of the last run, until a run succeeds. */
  readonly LastError?: string
  readonly NextRunAt?: Date
  /** End of the last run that found work, its duration, and its numbers of finished and failed items. */
  readonly LastWorkAt?: Date
  readonly LastWorkMilliseconds?: number
  readonly LastWorkDone?: number
  readonly LastWorkFailed?: number
  /** Numbers of items that are due, that failed before, and that are being processed. */
  readonly Due?: number
  readonly Failing?: number
  readonly Running?: number
}

/** A backup. A backup by an earlier version has only a time. */
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

/** A setting of the server. Secrets are redacted. */
export interface ServerSetting {
  /** Name of the flag, without the hyphens at its start. */
  readonly Name: string
  readonly Group: string
  readonly Value?: string
  readonly Source: 'FLAG' | 'ENVIRONMENT' | 'DEFAULT'
}

/** The server that answered the call. */
export interface ServerDescription {
  readonly Version: string
  readonly NodeVersion: string
  readonly Host: string
  readonly StartedAt: Date
  readonly CurrentTime: Date
  /** Number of processes that answer requests. */
  readonly Workers: number
  readonly Health: { readonly Status: 'OK' | 'UNAVAILABLE'; readonly Reason?: string }
  readonly Database: {
    readonly Engine: string
    readonly SchemaVersion: number
    readonly SizeBytes: number
  }
  /** Stores for the keys of new CAs. */
  readonly KeyStores: readonly { readonly Store: string; readonly Standard?: string }[]
  readonly PublicUrl: string
  readonly Settings: readonly ServerSetting[]
}

/** The client's methods for the server and its record. Only Signet has these operations. */
export interface ServerOperations {
  /**
   * Returns a page of the record's entries that the caller may see, newest first.
   *
   * @throws TypeError for an unknown option and for a value of a wrong type
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidNextTokenException`
   * @example
   * const { Entries } = await client.listRecordEntries({ Kind: 'revocation' })
   */
  listRecordEntries(
    input?: ListRecordEntriesInput,
    options?: CallOptions,
  ): Promise<ListRecordEntriesOutput>
  /**
   * Yields all matching entries of the record, newest first. Each page is requested when its first entry is read.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`
   * @example
   * for await (const entry of client.searchRecord({ Principal: 'user/alice' })) console.log(entry.Kind)
   */
  searchRecord(
    search?: RecordSearch,
    options?: CallOptions,
  ): AsyncGenerator<RecordEntry, void, void>
  /**
   * Returns an entry with its inclusion proof, which the caller must verify.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidStateException`
   * @example
   * const { Entry, InclusionProof } = await client.getRecordEntry({ Index: 17 })
   */
  getRecordEntry(input: RecordEntryInput, options?: CallOptions): Promise<GetRecordEntryOutput>
  /**
   * Returns the newest checkpoint, with a consistency proof if the size of an earlier checkpoint is given.
   *
   * @throws ClientError `AccessDeniedException`, `InvalidStateException`
   * @example
   * const { Size, Checkpoint } = await client.getRecordCheckpoint()
   */
  getRecordCheckpoint(
    input?: { readonly EarlierSize?: number },
    options?: CallOptions,
  ): Promise<GetRecordCheckpointOutput>
  /**
   * Returns the version, health and settings of the server.
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
   * Lists the background jobs of the server.
   *
   * @throws ClientError `AccessDeniedException`
   * @example
   * const { Jobs } = await client.listJobs()
   */
  listJobs(input?: object, options?: CallOptions): Promise<{ readonly Jobs: readonly ServerJob[] }>
  /**
   * Returns the last backup; undefined if there is none.
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

const searchRules: OptionRules<RecordSearch> = {
  Principal: textRule,
  CertificateAuthorityArn: textRule,
  SerialNumber: textRule,
  Kind: oneOf(...entryKinds),
  Since: dateRule,
  Until: dateRule,
}
const listRules: OptionRules<ListRecordEntriesInput> = {
  ...searchRules,
  MaxResults: numberRule,
  NextToken: textRule,
}
const entryRules: OptionRules<RecordEntryInput> = {
  Index: { ...numberRule, isRequired: true },
  CertificateAuthorityArn: textRule,
}

export function serverOperations(sdk: SdkClient): ServerOperations {
  const method =
    <Input extends object, Output>(
      operation:
        | 'describeServer'
        | 'getRecordCheckpoint'
        | 'getRecordEntry'
        | 'listBackups'
        | 'listJobs'
        | 'listRecordEntries',
      rules: OptionRules<Input>,
    ) =>
    async (input: Input = {} as Input, options: CallOptions = {}): Promise<Output> => {
      checkOptions(operation, input, rules)
      return (await call(sdk, operation, { input, options })) as Output
    }
  const listRecordEntries = method<ListRecordEntriesInput, ListRecordEntriesOutput>(
    'listRecordEntries',
    listRules,
  )
  return {
    listRecordEntries,
    async *searchRecord(search = {}, options = {}) {
      checkOptions('searchRecord', search, searchRules)
      let token: string | undefined
      do {
        const input = token === undefined ? search : { ...search, NextToken: token }
        const page = await listRecordEntries(input, options)
        yield* page.Entries
        token = page.NextToken
      } while (token !== undefined)
    },
    getRecordEntry: method('getRecordEntry', entryRules),
    getRecordCheckpoint: method<{ readonly EarlierSize?: number }, GetRecordCheckpointOutput>(
      'getRecordCheckpoint',
      { EarlierSize: numberRule },
    ),
    describeServer: method('describeServer', {}),
    listJobs: method('listJobs', {}),
    listBackups: method('listBackups', {}),
  }
}
