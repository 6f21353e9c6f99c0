import { uuid, type Random } from '../random.ts'

/** Makes request ids: random UUIDs. */
export function createRequestIds(random: Random): () => string {
  return () => uuid(random)
}
