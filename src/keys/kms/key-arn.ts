/** ARNs of KMS keys, and the handles that contain them. */
import { KeyNotFoundError, type KeyHandle } from '../key-store.ts'

/** The ARN of a KMS key (AWS KMS Developer Guide, Key identifiers). */
export interface KeyArn {
  /** The whole ARN. */
  readonly text: string
  readonly region: string
}

const scheme = 'kms:'

/** A key ID is a UUID, or `mrk-` and 32 hexadecimal digits for a multi-Region key. Other spellings of an ARN are rejected. */
const form =
  /^arn:aws(?:-[a-z]{1,8}){0,3}:kms:([a-z0-9-]{1,32}):\d{12}:key\/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/

/** Parses the ARN of a key. Returns undefined for anything else, such as the ARN of an alias. */
export function parseKeyArn(text: string): KeyArn | undefined {
  const region = form.exec(text)?.[1]
  return region === undefined ? undefined : { text, region }
}

/** Returns the handle for a key: `kms:` followed by its ARN. */
export function handleOf({ text }: KeyArn): KeyHandle {
  return `${scheme}${text}`
}

/** Parses a handle. Throws KeyNotFoundError unless it is `kms:` followed by a key's ARN. */
export function parseHandle(handle: KeyHandle): KeyArn {
  const arn = handle.startsWith(scheme) ? parseKeyArn(handle.slice(scheme.length)) : undefined
  if (arn === undefined) throw new KeyNotFoundError(`${handle} is not a key in KMS`)
  return arn
}
