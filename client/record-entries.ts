/** Entries and checkpoints of the record. AWS has no such operations. */
import {
  checkOptions,
  dateRule,
  numberRule,
  oneOf,
  textRule,
  type OptionRules,
} from './check-options.ts'
import type { CallOptions } from './inputs.ts'
import { ownMethods, pagesOf } from './own-operations.ts'
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
  /** Undefined if the entry was altered and is malformed. `Problem` describes the fault of a malformed entry. */
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
  /** Table of the changed row, and the row's key as a JSON array. */
  readonly Table?: string
  readonly Key?: string
  /** Data of the entry as JSON. The members depend on the kind of entry. */
  readonly Detail?: string
  /** Hash of the entry: SHA-256 in base64 (RFC 6962). */
  readonly LeafHash: string
  readonly Problem?: string
}

/** Filters for entries in the record, combined with AND. */
export interface RecordSearch {
  /** Part of the name of the principal, the operating-system user, or the user that ran `sudo`. */
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
  /** Token of the next page. An empty page may still have a token; only the last page has none. */
  readonly NextToken?: string
}

/** The input of getRecordEntry. */
export interface RecordEntryInput {
  readonly Index: number
  /** CA that the entry belongs to; required if the caller's permission is limited to this CA. */
  readonly CertificateAuthorityArn?: string
}

/** An entry with the proof that the newest checkpoint includes it. */
export interface GetRecordEntryOutput {
  readonly Entry: RecordEntry
  /** Data of the entry in base64. The entry's hash is computed from this data. */
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
  /** Consistency proof: hashes in base64 that prove that the record extends the earlier checkpoint. */
  readonly ConsistencyProof?: readonly string[]
  readonly Problem?: string
}

/** The client's methods for the record. Only Signet has these operations. */
export interface RecordOperations {
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

export function recordOperations(sdk: SdkClient): RecordOperations {
  const method = ownMethods(sdk)
  const listRecordEntries = method<ListRecordEntriesOutput>('listRecordEntries', listRules)
  return {
    listRecordEntries,
    async *searchRecord(search = {}, options = {}) {
      checkOptions('searchRecord', search, searchRules)
      const pages = pagesOf((input) => listRecordEntries(input, options), search)
      for await (const { Entries } of pages) yield* Entries
    },
    getRecordEntry: method('getRecordEntry', entryRules),
    getRecordCheckpoint: method('getRecordCheckpoint', { EarlierSize: numberRule }),
  }
}
