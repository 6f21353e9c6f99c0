/** Reads secret files that only their owner may read. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { ConfigurationError } from '../errors.ts'
import { systemErrorText } from '../text/system-error.ts'

const bytesMax = 65_536

/**
 * Reads the text of a file, or of a pipe such as the shell's `<(…)`. Throws ConfigurationError if the file cannot be read, if
 * other users can read it, or if it exceeds 64 KiB. Errors begin with `description`, which contains the path.
 */
export async function readPrivateFile(path: string, description: string): Promise<string> {
  const status = await readable(stat(path), description)
  if (status.isFile() && (status.mode & 0o077) !== 0)
    throw new ConfigurationError(
      `${description} can be read by other users; restrict access with: chmod 600 '${path}'`,
    )
  return readTextFile(path, description)
}

/** Like readPrivateFile, but for a file that other users may read. */
export async function readTextFile(path: string, description: string): Promise<string> {
  // At most one byte beyond the maximum is read, so that endless devices and pipes are refused too.
  const bytes = await readable(buffer(createReadStream(path, { end: bytesMax })), description)
  if (bytes.length <= bytesMax) return bytes.toString('utf8')
  throw new ConfigurationError(`${description} must not exceed ${bytesMax} bytes`)
}

async function readable<Result>(result: Promise<Result>, description: string): Promise<Result> {
  try {
    return await result
  } catch (error) {
    throw new ConfigurationError(`${description} cannot be read: ${systemErrorText(error)}`, {
      cause: error,
    })
  }
}

export function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0] ?? ''
}
