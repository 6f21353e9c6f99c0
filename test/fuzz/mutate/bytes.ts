/** Small mutations of byte strings. */
import type { Choices } from '../../chaos/choices.ts'

const interesting = [0, 1, 9, 10, 13, 32, 34, 37, 38, 43, 47, 58, 61, 92, 127, 128, 255]

/** Makes one to four changes: bit flips, insertions, deletions, repetitions or truncations. */
export function mutateBytes(bytes: Uint8Array, choices: Choices): Buffer {
  let changed: Buffer = Buffer.from(bytes)
  for (let count = 1 + choices.below(4); count > 0; count -= 1)
    changed = mutateOnce(changed, choices)
  return changed
}

function mutateOnce(bytes: Buffer, choices: Choices): Buffer {
  const at = choices.below(bytes.length + 1)
  const before = bytes.subarray(0, at)
  const after = bytes.subarray(at)
  const length = Math.min(after.length, 1 + choices.below(16))
  switch (choices.below(7)) {
    case 0: {
      const flipped = Buffer.from(bytes)
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << choices.below(8))
      return flipped
    }
    case 1: {
      const replaced = Buffer.from(bytes)
      if (at < replaced.length) replaced[at] = choices.of(interesting)
      return replaced
    }
    case 2:
      return Buffer.concat([before, Buffer.from([choices.of(interesting)]), after])
    case 3:
      return Buffer.concat([before, after.subarray(length)])
    case 4:
      return Buffer.concat([before, after.subarray(0, length), after])
    case 5:
      return Buffer.from(before)
    default: {
      const run = Buffer.alloc(1 + choices.below(64), choices.of(interesting))
      return Buffer.concat([before, run, after])
    }
  }
}

/** Texts that often break parsers, databases and printers. */
export const strangeTexts: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\uD800',
  '\uDC00x',
  '\u{1F512}',
  '\u202Eabc',
  '\u009B31m',
  '\uFEFF',
  '\uFFFF',
  'a'.repeat(65),
  'a'.repeat(257),
  'a'.repeat(5000),
  '\u{1F512}'.repeat(600),
  '%',
  '%00',
  '%zz',
  '%E0%A4',
  '${jndi}',
  "'; drop table authorities; --",
  '*',
  '?'.repeat(40),
  '*?'.repeat(40),
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'null',
  '-1',
  '0',
  '1e400',
  '9223372036854775808',
  'NaN',
  '=cmd|x',
  'arn:aws:acm-pca',
  'arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/',
  'arn:aws:iam::123456789012:root',
  'AAAA',
  'AAA',
  'MAA=',
  '\r\nx-injected: 1',
  '<a>&amp;',
]
