/**
 * Commands of `signet log`, which show and verify leaves of the record, and create inclusion proofs. The commands also work
 * while a server uses the same data.
 */
import { withReadOnlyDatabase } from '../data-folder/data-folder.ts'
import { ConfigurationError } from '../errors.ts'
import { findCertificateLeaf, findLeaves, type FoundLeaf } from '../ledger/find-leaves.ts'
import { createHashReader } from '../ledger/hash-reader.ts'
import { findLogParts, missingParts, verifierOf } from '../ledger/log-parts.ts'
import { verifyLog } from '../ledger/verify/verify-record.ts'
import { openCheckpoint } from '../record/checkpoint.ts'
import { decodeLeaf, leafKinds, type Leaf, type LeafKind } from '../record/leaf.ts'
import { parseState } from '../record/leaf-state.ts'
import { leafHash } from '../record/merkle.ts'
import { type NoteVerifier } from '../record/note.ts'
import { verifierText } from '../record/note-text.ts'
import { inclusionProof } from '../record/proofs.ts'
import type { Config } from '../settings/config.ts'
import type { Database } from '../store/database.ts'
import { listAuthorityIds } from '../store/authorities.ts'
import { readLeaves } from '../store/leaves.ts'
import { selectRecordedCertificate } from '../store/recorded-rows.ts'
import type { Snapshot } from '../store/snapshot.ts'
import { findCheckpoint } from '../store/tiles.ts'
import { dateOf } from '../store/columns.ts'

/** Filters for `signet log show`; a leaf must match all filters. */
export interface LogFilters {
  /** Part of the name of the principal, the operating-system user, or the user who ran sudo. */
  readonly principal?: string | undefined
  /** ID or ARN of a CA. */
  readonly ca?: string | undefined
  /** Hexadecimal serial number of a certificate, with or without colons. */
  readonly serial?: string | undefined
  readonly kind?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly limit: number
}

/** Returns the newest leaves that match the filters, in chronological order. Throws ConfigurationError for an invalid filter. */
export async function showLog(config: Config, filters: LogFilters) {
  const { principal, serial, kind } = filters
  const since = timeOf('--since', filters.since)
  const until = timeOf('--until', filters.until)
  if (kind !== undefined && !Object.hasOwn(leafKinds, kind))
    throw new ConfigurationError(`--kind must be one of ${Object.keys(leafKinds).join(', ')}`)
  const serialNumber = serial === undefined ? undefined : serialOf(serial)
  return withReadOnlyDatabase(config, async ({ db }) => {
    const ids = await listAuthorityIds(db)
    const authority = filters.ca === undefined ? undefined : authorityOf(ids, filters.ca)
    const isMatch = (leaf: Leaf): boolean =>
      (kind === undefined || leaf.kind === (kind as LeafKind)) &&
      (authority === undefined || leaf.authority === authority) &&
      (serialNumber === undefined || isSerial(leaf, serialNumber)) &&
      (since === undefined || leaf.time >= since) &&
      (until === undefined || leaf.time < until) &&
      (principal === undefined || actorsOf(leaf).some((text) => text.includes(principal)))
    const found = await findLeaves(db, { isMatch, limit: filters.limit })
    return found.map(({ number, leaf }) => toPrintedLeaf(number, leaf, ids))
  })
}

/** Verifies the record's leaves, tiles and checkpoint, but not the tables. */
export async function verifyLogOf(config: Config, progress: (leaves: number) => void) {
  return withReadOnlyDatabase(config, async ({ engine }) => {
    const snapshot = await engine.openSnapshot()
    const problems: string[] = []
    let count = 0
    try {
      const read: Snapshot['read'] = (statement) => snapshot.read(statement)
      const parts = await findLogParts({ query: read })
      if (parts.isNew) throw new ConfigurationError(notBegun)
      const verifier = verifierOf(parts)
      const found = await verifyLog(read, parts, {
        problem(text) {
          count += 1
          if (problems.length < 100) problems.push(text)
        },
        progress,
      })
      return {
        Ok: count === 0,
        Key: verifier && verifierText(verifier),
        Leaves: found.leaves,
        CheckpointSize: found.size,
        CheckpointTime: found.signedAt?.toISOString(),
        LeavesWithoutCheckpoint: found.waiting,
        ProblemCount: count,
        Problems: problems,
      }
    } finally {
      await snapshot.close()
    }
  })
}

/** Returns the public key that witnesses use to verify checkpoints, in the form NAME+ID+BASE64. */
export async function showLogKey(config: Config) {
  return withReadOnlyDatabase(config, async ({ db }) => ({
    Key: verifierText(await requireVerifier(db)),
  }))
}

/** The leaf to prove, identified by its position, or by a certificate's serial number and CA. */
export interface ProofTarget {
  readonly leaf: string | undefined
  readonly serial: string | undefined
  readonly ca: string | undefined
}

/** Returns the proof that the tree of the latest checkpoint includes a leaf. Throws ConfigurationError for an unknown leaf. */
export async function proveLeaf(config: Config, target: ProofTarget) {
  return withReadOnlyDatabase(config, async ({ db }) => {
    const verifier = await requireVerifier(db)
    const checkpoint = await findCheckpoint(db)
    if (checkpoint === undefined) throw new ConfigurationError('the record has no checkpoint yet')
    const tree = openCheckpoint(checkpoint.note, verifier)
    const { number, data, leaf } = await targetLeaf(db, target)
    if (number >= tree.size)
      throw new ConfigurationError(`no checkpoint covers leaf ${number} yet; try again in a second`)
    const proof = await inclusionProof(number, tree.size, createHashReader(db))
    return {
      Leaf: toPrintedLeaf(number, leaf, await listAuthorityIds(db)),
      LeafData: Buffer.from(data).toString('base64'),
      LeafHash: leafHash(data).toString('base64'),
      TreeSize: tree.size,
      Proof: proof.map((hash) => Buffer.from(hash).toString('base64')),
      Checkpoint: checkpoint.note,
      Key: verifierText(verifier),
    }
  })
}

async function targetLeaf(
  db: Database,
  { leaf: position, serial, ca }: ProofTarget,
): Promise<FoundLeaf> {
  if ((position === undefined) === (serial === undefined))
    throw new ConfigurationError('specify either a leaf number or --serial')
  if (position !== undefined) {
    const number = /^\d{1,15}$/.test(position) ? Number(position) : -1
    const [stored] = number < 0 ? [] : await readLeaves(db, number, 1)
    if (stored?.number !== number)
      throw new ConfigurationError(`the record has no leaf ${position}`)
    return { ...stored, leaf: decodeLeaf(stored.data) }
  }
  const serialNumber = serialOf(serial ?? '')
  const ids = await listAuthorityIds(db)
  const authorities = ca === undefined ? [...ids.keys()] : [authorityOf(ids, ca)]
  for (const authority of authorities) {
    const [row] = await db.query(selectRecordedCertificate(authority, serialNumber))
    if (row === undefined) continue
    const issuedAt = dateOf(row, 'issued_at_ms')
    const found = await findCertificateLeaf(db, { authority, serialNumber, issuedAt })
    if (found !== undefined) return found
    throw new ConfigurationError(`the certificate ${serial} is older than the record`)
  }
  throw new ConfigurationError(`no certificate has the serial number ${serial}`)
}

async function requireVerifier(db: Database): Promise<NoteVerifier> {
  const parts = await findLogParts(db)
  if (parts.isNew) throw new ConfigurationError(notBegun)
  const verifier = verifierOf(parts)
  if (verifier === undefined)
    throw new ConfigurationError(
      `${(await missingParts(db, parts)).join(', and ')}; "signet verify" lists all altered rows`,
    )
  return verifier
}

const notBegun = 'the record does not exist yet; "signet serve" creates it'

function actorsOf({ principal, osUser, sudoUser }: Leaf): string[] {
  return [principal, osUser, sudoUser].filter((text) => text !== undefined)
}

function isSerial({ serialNumber }: Leaf, wanted: Uint8Array): boolean {
  return serialNumber !== undefined && Buffer.compare(serialNumber, wanted) === 0
}

function serialOf(text: string): Uint8Array {
  const digits = text.replaceAll(':', '')
  if (!/^[\da-f]{1,40}$/i.test(digits))
    throw new ConfigurationError('--serial must be a hexadecimal serial number')
  return Buffer.from(digits.replace(/^0+(?=.{32})/, '').padStart(32, '0'), 'hex')
}

function authorityOf(ids: ReadonlyMap<number, string>, ca: string): number {
  const id = ca.slice(ca.lastIndexOf('/') + 1)
  const [number] = [...ids].find(([, one]) => one === id) ?? []
  if (number === undefined) throw new ConfigurationError(`--ca: the CA ${ca} does not exist`)
  return number
}

function timeOf(flag: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const time = new Date(text)
  if (Number.isNaN(time.getTime()))
    throw new ConfigurationError(`${flag} must be a time such as 2026-01-31T12:00:00Z`)
  return time
}

function toPrintedLeaf(number: number, leaf: Leaf, ids: ReadonlyMap<number, string>) {
  const { kind, time, authority, serialNumber, state, detail, key } = leaf
  return {
    Leaf: number,
    Time: time.toISOString(),
    Kind: kind,
    Principal: leaf.principal,
    User: leaf.osUser,
    SudoUser: leaf.sudoUser,
    Host: leaf.host,
    Command: leaf.command,
    CertificateAuthority: authority === undefined ? undefined : (ids.get(authority) ?? authority),
    SerialNumber: hexOf(serialNumber),
    Sha256: hexOf(leaf.sha256),
    Table: leaf.table,
    Key: key === undefined ? undefined : (JSON.parse(key) as unknown),
    State: state === undefined ? undefined : Object.fromEntries(parseState(state) ?? []),
    Detail: detail,
  }
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex')
}
