/** ARNs of KMS keys, and the key handles that contain these ARNs. */
import { KeyNotFoundError, type KeyHandle } from '../key-store.ts'

/** The ARN of a KMS key (AWS KMS Developer Guide, Key identifiers). */
export interface KeyArn {
  /** The complete text of the ARN. */
  readonly text: string
  readonly region: string
}

const scheme = 'kms:'

/**
 * A KMS key ID is a UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key. ARNs with other spellings are rejected.
 */
const form =
  /^arn:aws(?:-[a-z]{1,8}){0,3}:kms:([a-z0-9-]{1,32}):\d{12}:key\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/

/** Parses the ARN of a KMS key. Returns undefined for any other text, such as the ARN of an alias. */
export function parseKeyArn(text: string): KeyArn | undefined {
  const region = form.exec(text)?.[1]
  return region === undefined ? undefined : { text, region }
}

/** Returns the handle for a KMS key, which is `kms:` followed by the key's ARN. */
export function handleOf({ text }: KeyArn): KeyHandle {
  return `${scheme}${text}`
}

/** Parses a handle. Throws KeyNotFoundError unless the handle is `kms:` followed by the ARN of a key. */
export function parseHandle(handle: KeyHandle): KeyArn {
  const arn = handle.startsWith(scheme) ? parseKeyArn(handle.slice(scheme.length)) : undefined
  if (arn === undefined) throw new KeyNotFoundError(`${handle} is not a key in KMS`)
  return arn
}
