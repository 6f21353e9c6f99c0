/** Rows of the record's tiles, and the newest checkpoint of the record. */
import { splitHashes } from '../record/merkle.ts'
import type { TileName } from '../record/tiles.ts'
import { bytesOf, integerOf, textOf } from './columns.ts'
import type { Database } from './database.ts'
import { guard, sql, type Row, type Sql } from './sql.ts'

/** A tile and its hashes. Later checkpoints extend the last tile of each level. */
export interface Tile extends TileName {
  readonly hashes: readonly Uint8Array[]
}

/** Inserts a tile, or replaces the stored tile with a tile that has more hashes. */
export function putTile({ level, number, hashes }: Tile): Sql {
  return sql`insert into record_tiles (tile_level, tile_number, hashes)
    values (${level}, ${number}, ${Uint8Array.from(Buffer.concat(hashes))})
    on conflict (tile_level, tile_number) do update set hashes = excluded.hashes`
}

/** Selects the tiles after a row, sorted by level and number. */
export function selectTiles(after: Row | undefined, limit: number): Sql {
  const level = after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'tile_level')
  const number = after === undefined ? Number.MIN_SAFE_INTEGER : integerOf(after, 'tile_number')
  return sql`select tile_level, tile_number, hashes from record_tiles
    where (tile_level, tile_number) > (${level}, ${number})
    order by tile_level, tile_number limit ${limit}`
}

/** Reads the hashes of a tile. Returns undefined if the tile does not exist. */
export async function findTile(
  db: Pick<Database, 'query'>,
  { level, number }: TileName,
): Promise<Uint8Array[] | undefined> {
  const [row] = await db.query(
    sql`select hashes from record_tiles where tile_level = ${level} and tile_number = ${number}`,
  )
  return row === undefined ? undefined : splitHashes(bytesOf(row, 'hashes'))
}

export interface StoredCheckpoint {
  readonly size: number
  /** The checkpoint as a signed note. */
  readonly note: string
  readonly signedAt: Date
}

export async function findCheckpoint(
  db: Pick<Database, 'query'>,
): Promise<StoredCheckpoint | undefined> {
  const [row] = await db.query(
    sql`select tree_size, note, signed_at_ms from record_checkpoint where single = 1`,
  )
  if (row === undefined) return undefined
  return {
    size: integerOf(row, 'tree_size'),
    note: textOf(row, 'note'),
    signedAt: new Date(integerOf(row, 'signed_at_ms')),
  }
}

/** Inserts the first checkpoint of the record. The statement conflicts if a checkpoint already exists. */
export function insertCheckpoint({ size, note, signedAt }: StoredCheckpoint): Sql {
  return sql`insert into record_checkpoint (single, tree_size, note, signed_at_ms)
    values (1, ${size}, ${note}, ${signedAt.getTime()})`
}

/**
 * Replaces the checkpoint that covers `earlier` leaves. The statement conflicts if another process has already replaced that
 * checkpoint.
 */
export function putCheckpoint({ size, note, signedAt }: StoredCheckpoint, earlier: number): Sql {
  return guard(
    'revision',
    sql`update record_checkpoint
      set tree_size = ${size}, note = ${note}, signed_at_ms = ${signedAt.getTime()}
      where single = 1 and tree_size = ${earlier} returning tree_size`,
  )
}
