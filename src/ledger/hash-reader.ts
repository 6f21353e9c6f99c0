/** Reads hashes from the stored tree, for use in proofs. */
import type { HashReader } from '../record/proofs.ts'
import { subtreeHash, tileOf } from '../record/tiles.ts'
import type { Database } from '../store/database.ts'
import { findTile } from '../store/tiles.ts'
import { RecordAlteredError } from './seal.ts'

/** Creates a hash reader that reads each tile once. Throws RecordAlteredError for a missing or short tile. */
export function createHashReader(db: Pick<Database, 'query'>): HashReader {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>()
  return async (subtree) => {
    const { tile } = tileOf(subtree)
    const key = `${tile.level}/${tile.number}`
    const hashes = tiles.get(key) ?? findTile(db, tile).then((found = []) => found)
    tiles.set(key, hashes)
    try {
      return subtreeHash(subtree, await hashes)
    } catch (cause) {
      if (cause instanceof RangeError) throw new RecordAlteredError(cause.message)
      throw cause
    }
  }
}
