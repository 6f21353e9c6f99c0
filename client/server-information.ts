/** Information about the server and its record, which only Signet returns. */
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

/** The type of an entry in the record. */
export type RecordEntryKind = (typeof entryKinds)[number]

/** An entry in the record. */
export interface RecordEntry {
  /** Position of the entry in the record, starting from 0. */
  readonly Index: number
  /** The time is undefined, and `Problem` is present, if the entry was altered and is malformed. */
  readonly Time?: Date
  readonly Kind?: RecordEntryKind
  /** ARN of a principal, name of a service, or `job:NAME` for a background job. */
  readonly Principal?: string
  readonly OperatingSystemUser?: string
  /** User that ran `sudo`. */
  readonly SudoUser?: string
  readonly Host?: string
  /** Command that changed the data folder. */
  readonly Command?: string
  readonly CertificateAuthorityArn?: string
  /** Serial number of the certificate in hexadecimal. */
  readonly SerialNumber?: string
  /** Hexadecimal SHA-256 of the certificate or CRL. */
  readonly Sha256?: string
  /** Table of the changed row, and its key as a JSON array. */
  readonly Table?: string
  readonly Key?: string
  /** Data of the entry as JSON, whose members depend on the kind of entry. */
  readonly Detail?: string
  /** Hash of the entry: SHA-256 in base64 (RFC 6962). */
  readonly LeafHash: string
  readonly Problem?: string
}

/** Filters for entries in the record, combined with AND. */
export interface RecordSearch {
  /** Part of the principal, of the operating-system user, or of the user that ran `sudo`. */
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
  /** Maximum number of entries on the page, from 1 to 1000. */
  readonly MaxResults?: number
  /** NextToken from the previous page. */
  readonly NextToken?: string
}

/** A page of entries, newest first. */
export interface ListRecordEntriesOutput {
  readonly Entries: readonly RecordEntry[]
  /** Time of the oldest entry that the server read for this page. */
  readonly SearchedSince?: Date
  /** Token of the next page. The token may be present even if the page is empty; it is absent on the last page. */
  readonly NextToken?: string
}

/** The input of getRecordEntry. */
export interface RecordEntryInput {
  readonly Index: number
  /** CA that the entry belongs to, for principals whose permission is limited to this CA. */
  readonly CertificateAuthorityArn?: string
}

/** An entry with the proof that the newest checkpoint includes it. */
export interface GetRecordEntryOutput {
  readonly Entry: RecordEntry
  /** Data of the entry in base64, from which its hash is computed. */
  readonly LeafData: string
  /** Signed note with the record's size and root hash (C2SP tlog-checkpoint). */
  readonly Checkpoint: string
  /** Key that verifies checkpoints, in the form NAME+ID+KEY. */
  readonly Key: string
  readonly TreeSize: number
  /** Proof hashes in base64 (RFC 6962); undefined if no checkpoint includes the entry yet. */
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
  /** Number of entries, including those added after the checkpoint. */
  readonly EntryCount: number
  /** Consistency proof: base64 hashes which prove that the record begins with the entries of the earlier checkpoint. */
  readonly ConsistencyProof?: readonly string[]
  readonly Problem?: string
}

/** A background job on the server. */
export interface ServerJob {
  readonly Name: string
  readonly EverySeconds?: number
  readonly LastStartedAt?: Date
  readonly LastSucceededAt?: Date
  /** Error from the last run, until a run succeeds. */
  readonly LastError?: string
  readonly NextRunAt?: Date
  /** End and duration of the last run that found work, with its numbers of finished and failed items. */
  readonly LastWorkAt?: Date
  readonly LastWorkMilliseconds?: number
  readonly LastWorkDone?: number
  readonly LastWorkFailed?: number
  /** Numbers of items that are due, that failed earlier, and that are being processed. */
  readonly Due?: number
  readonly Failing?: number
  readonly Running?: number
}

/** The most recent backup. A backup created by an earlier version has only a time. */
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

/** The client's methods for information about the server and its record. Only Signet has these server operations. */
export interface ServerOperations {
  /**
   * Returns a page of the record's entries, newest first, limited to those that the caller may read.
   *
   * @throws TypeError for an unknown option and for a value of the wrong type
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
   * Returns a record entry with its inclusion proof, which the caller must verify.
   *
   * @throws ClientError `AccessDeniedException`, `ResourceNotFoundException`, `InvalidStateException`
   * @example
   * const { Entry, InclusionProof } = await client.getRecordEntry({ Index: 17 })
   */
  getRecordEntry(input: RecordEntryInput, options?: CallOptions): Promise<GetRecordEntryOutput>
  /**
   * Returns the newest checkpoint, with a consistency proof if the caller specifies the size of an earlier checkpoint.
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
