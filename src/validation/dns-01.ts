import { hash } from 'node:crypto'
import type { Attempt, Challenge } from './attempt.ts'
import { ValidationError } from './problem.ts'
import { isSameText } from '../text/same-text.ts'

/** Validates a dns-01 challenge (RFC 8555 §8.4). Resolves if the validation succeeds; otherwise rejects with ValidationError. */
export async function validateDns01(
  attempt: Attempt,
  { identifier, keyAuthorization }: Challenge,
): Promise<void> {
  const name = `_acme-challenge.${identifier.value.replace(/^\*\./, '')}`
  attempt.note(`looking up the TXT records of ${name}`)
  const texts = await attempt.dns.textsOf(name)
  const expected = hash('sha256', keyAuthorization, 'base64url')
  if (texts.some((text) => isSameText(text, expected))) return
  const found = texts.length === 1 ? 'one TXT record' : `${texts.length} TXT records`
  // The old record may still be in a cache.
  throw new ValidationError(
    'incorrectResponse',
    `DNS name ${name} has ${found}, but none is ${expected}`,
    { isRetryable: true },
  )
}
