/**
 * Serves the public parts of the record to witnesses: the checkpoint and the tiles of hashes (C2SP tlog-tiles). The record's
 * leaves are not public.
 */
import { parseTilePath, tileWidth } from '../record/tiles.ts'
import type { Database } from '../store/database.ts'
import { findCheckpoint, findTile } from '../store/tiles.ts'
import { notFound, publicFailure, type Answer } from './answer.ts'
import { publicPaths, type PublicSite } from './request.ts'
import type { Route } from './route.ts'

const reads = ['GET', 'HEAD'] as const
const prefix = '/log/'

/** Creates the route for `/log/checkpoint` and `/log/tile/…`. Any other path under `/log/` may belong to a bucket. */
export function createLogRoute(db: Pick<Database, 'query'>, site: PublicSite): Route {
  return {
    methods: reads,
    path(head) {
      const path = publicPaths(head, site).find((one) => one.startsWith(prefix))
      const name = path?.slice(prefix.length) ?? ''
      return name === 'checkpoint' || name.startsWith('tile/') ? name : undefined
    },
    handler: {
      answer: (_request, _connection, name) =>
        name === 'checkpoint' ? answerCheckpoint(db) : answerTile(db, name),
      fail: publicFailure,
    },
  }
}

async function answerCheckpoint(db: Pick<Database, 'query'>): Promise<Answer> {
  const checkpoint = await findCheckpoint(db)
  if (checkpoint === undefined) return notFound
  const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' }
  return { status: 200, headers, body: checkpoint.note }
}

/** Hashes in a tile never change, so a shorter version of a tile is a prefix of the current version. */
async function answerTile(db: Pick<Database, 'query'>, path: string): Promise<Answer> {
  const tile = parseTilePath(path)
  const hashes = tile && (await findTile(db, tile))
  if (tile === undefined || hashes === undefined || hashes.length < tile.width) return notFound
  const age = tile.width === tileWidth ? 'max-age=31536000, immutable' : 'max-age=86400'
  const headers = { 'content-type': 'application/octet-stream', 'cache-control': `public, ${age}` }
  return { status: 200, headers, body: Buffer.concat(hashes.slice(0, tile.width)) }
}
