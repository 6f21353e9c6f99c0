import { readFileSync } from 'node:fs'
import { parseWeakKeyList, type WeakKeyList } from '../key-strength/weak-key-list.ts'
import { ConfigurationError } from '../errors.ts'
import { systemErrorText } from '../text/system-error.ts'

/** Reads the file specified by --weak-key-list. Throws ConfigurationError if the file cannot be read or is malformed. */
export function readWeakKeyFile(path: string | undefined): WeakKeyList | undefined {
  if (path === undefined) return undefined
  try {
    return parseWeakKeyList(readFileSync(path, 'latin1'))
  } catch (cause) {
    throw new ConfigurationError(
      `--weak-key-list: ${path} cannot be read: ${systemErrorText(cause)}`,
      { cause },
    )
  }
}
