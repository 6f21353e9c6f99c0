import { hash, timingSafeEqual } from 'node:crypto'

/** Compares strings in a time that does not depend on the position of the first difference. */
export function isSameText(one: string, other: string): boolean {
  return timingSafeEqual(hash('sha256', one, 'buffer'), hash('sha256', other, 'buffer'))
}
