import { drawnAhead, uuid, type Random } from '../random.ts'

/** Makes request ids: random UUIDs, whatever a draw of `random` costs. */
export function createRequestIds(random: Random): () => string {
  const ahead = drawnAhead((length) => random.bytes(length))
  return () => uuid(ahead)
}
