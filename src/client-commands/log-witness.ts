/** The command `signet log witness`, which verifies that a server's record is append-only, and stores its checkpoints. */
import { existsSync } from 'node:fs'
import { appendFile, readFile } from 'node:fs/promises'
import { syncFile } from '../files/durable-file.ts'
import { ConfigurationError } from '../errors.ts'
import { openCheckpoint } from '../record/checkpoint.ts'
import { isSameHash, splitHashes } from '../record/merkle.ts'
import { NoteError, parseVerifier, type NoteVerifier } from '../record/note.ts'
import {
  consistencyProof,
  verifyConsistency,
  type HashReader,
  type Tree,
} from '../record/proofs.ts'
import { subtreeHash, tileOf, tilePath, widthOf } from '../record/tiles.ts'
import { fetchErrorText } from '../text/system-error.ts'
import { schemeAdvice } from './connection-error.ts'

const timeoutMilliseconds = 10_000
const noteBytesMax = 100_000
const tileBytesMax = 8192

export interface WitnessOptions {
  /** URL of the log: the server's public URL followed by `/log`. */
  readonly url: string
  /** The log's public key, as printed by `signet log key`. */
  readonly key: string
  /** State file for checkpoints, with one JSON object per line. The first run of the witness creates the state file. */
  readonly state: string
  readonly now: Date
}

/** A line of the state file. `problem` is absent if the checkpoint is consistent with the previous checkpoints. */
interface KeptCheckpoint {
  readonly time: string
  readonly note: string
  readonly problem?: string
}

/** Thrown if the record's history differs from the history that this witness has stored. */
class InconsistentLogError extends Error {
  override name = 'InconsistentLogError'
}

/**
 * Verifies the current checkpoint against the most recently stored checkpoint, and stores it. If the log no longer contains
 * everything that it contained before, the checkpoint is stored as evidence, and InconsistentLogError is thrown. Throws
 * ConfigurationError for an invalid key or URL.
 */
export async function witnessLog({ url, key, state, now }: WitnessOptions) {
  const verifier = verifierOf(key)
  const base = baseOf(url)
  const kept = await readState(state)
  const last = kept.findLast(({ problem }) => problem === undefined)
  const earlier = last && openKept(last.note, verifier, state)
  const note = (await download(new URL('checkpoint', base), noteBytesMax)).toString()
  const later = openDownloaded(note, verifier)
  const problem = earlier && (await inconsistency(earlier, later, base))
  if (note !== last?.note || problem !== undefined)
    await append(state, { time: now.toISOString(), note, ...(problem && { problem }) })
  if (problem !== undefined)
    throw new InconsistentLogError(
      `${problem}. The record was rewritten, or an older backup was restored; both checkpoints are in ${state}`,
    )
  return {
    Log: verifier.name,
    TreeSize: later.size,
    RootHash: Buffer.from(later.root).toString('base64'),
    EarlierTreeSize: earlier?.size,
    Consistent: true,
  }
}

function verifierOf(key: string): NoteVerifier {
  try {
    return parseVerifier(key)
  } catch (error) {
    throw new ConfigurationError(`--key: ${(error as Error).message}`, { cause: error })
  }
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined
  if (base === undefined || !['http:', 'https:'].includes(base.protocol))
    throw new ConfigurationError(`${url} is not the http or https URL of a log`)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  return base
}

function openKept(note: string, verifier: NoteVerifier, path: string): Tree {
  try {
    return openCheckpoint(note, verifier)
  } catch (error) {
    throw new ConfigurationError(
      `${path}: the last checkpoint belongs to a different log: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

function openDownloaded(note: string, verifier: NoteVerifier): Tree {
  try {
    return openCheckpoint(note, verifier)
  } catch (error) {
    if (!(error instanceof NoteError)) throw error
    throw new InconsistentLogError(`the server's checkpoint is invalid: ${error.message}`, {
      cause: error,
    })
  }
}

/** Returns why the later tree does not contain the earlier tree, or undefined if it does. */
async function inconsistency(earlier: Tree, later: Tree, base: URL): Promise<string | undefined> {
  if (later.size < earlier.size)
    return `the record has ${later.size} leaves, but previously had ${earlier.size}`
  if (later.size === earlier.size)
    return isSameHash(earlier.root, later.root)
      ? undefined
      : `the record of ${later.size} leaves has a different root than the earlier record`
  const proof = await consistencyProof(earlier.size, later.size, tileReader(later.size, base))
  return verifyConsistency(earlier, later, proof)
    ? undefined
    : `the record of ${later.size} leaves does not begin with the ${earlier.size} earlier leaves`
}

/**
 * Reads hashes from the server's tiles. The resulting proof is verified, so the server need not be trusted.
 */
function tileReader(size: number, base: URL): HashReader {
  const tiles = new Map<string, Promise<Uint8Array[]>>()
  return async (subtree) => {
    const { tile } = tileOf(subtree)
    const path = tilePath(tile, widthOf(tile, size))
    const hashes = tiles.get(path) ?? download(new URL(path, base), tileBytesMax).then(splitTile)
    tiles.set(path, hashes)
    try {
      return subtreeHash(subtree, await hashes)
    } catch (error) {
      if (error instanceof RangeError)
        throw new Error(`${path}: ${error.message}`, { cause: error })
      throw error
    }
  }
}

function splitTile(bytes: Uint8Array): Uint8Array[] {
  return splitHashes(Uint8Array.from(bytes))
}

async function download(url: URL, bytesMax: number): Promise<Buffer> {
  let response: Response
  try {
    response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMilliseconds),
      redirect: 'error',
    })
  } catch (error) {
    throw new Error(
      schemeAdvice(error, url.href) ?? `cannot read ${url.href}: ${fetchErrorText(error)}`,
      { cause: error },
    )
  }
  if (response.status === 404)
    throw new Error(`${url.href} does not exist; start the server with --log-public`)
  if (!response.ok) throw new Error(`cannot read ${url.href}: the status is ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > bytesMax) throw new Error(`${url.href} is longer than ${bytesMax} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function readState(path: string): Promise<KeptCheckpoint[]> {
  if (!existsSync(path)) return []
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line !== '')
  try {
    return lines.map((line) => JSON.parse(line) as KeptCheckpoint)
  } catch {
    throw new ConfigurationError(
      `${path} is not a file with checkpoints; remove an incomplete last line, or specify another file`,
    )
  }
}

/** Appends a line. The appended line is durable when the promise resolves. */
async function append(path: string, line: KeptCheckpoint): Promise<void> {
  await appendFile(path, `${JSON.stringify(line)}\n`, { mode: 0o600 })
  await syncFile(path)
}
