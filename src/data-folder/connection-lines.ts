/** The lines of a shared credentials file that tell AWS clients where the server is, so that the file alone is enough for them. */
import { existsSync } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { replaceFile } from '../durable-file.ts'

export interface ConnectionLines {
  /** URL of the API listener. A listener on every address is written as the loopback address. */
  readonly endpointUrl: string
  /** Written only if the file has no region. */
  readonly region: string
  /** Path of the root certificate that clients must trust; undefined if they need none beside those of the system. */
  readonly caBundle: string | undefined
}

/**
 * The text of the file with the connection in its section [default]. `endpoint_url` is replaced, and so is `ca_bundle` if there is a
 * certificate to trust. All other lines stay as they are. A file without a section [default] is returned unchanged.
 */
export function withConnection(text: string, connection: ConnectionLines): string {
  const { endpointUrl, region, caBundle } = connection
  const lines = text.split('\n')
  const start = lines.findIndex((line) => /^\s*\[\s*default\s*\]/.test(line))
  if (start === -1) return text
  const length = lines.slice(start + 1).findIndex((line) => /^\s*\[/.test(line))
  const end = length === -1 ? lines.length : start + 1 + length
  const section = lines.slice(start + 1, end)
  const values = {
    ...(!section.some((line) => isLineOf('region', line)) && { region }),
    endpoint_url: endpointUrl.replace('//[::]:', '//[::1]:'),
    ...(caBundle !== undefined && { ca_bundle: caBundle }),
  }
  const replaced = section.flatMap((line) =>
    Object.keys(values).some((name) => isLineOf(name, line)) ? [] : [line],
  )
  const last = replaced.findLastIndex((line) => line.trim() !== '') + 1
  const added = Object.entries(values).map(([name, value]) => `${name} = ${value}`)
  const ended = end === lines.length && replaced.length === last ? [...added, ''] : added
  return [
    ...lines.slice(0, start + 1),
    ...replaced.slice(0, last),
    ...ended,
    ...replaced.slice(last),
    ...lines.slice(end),
  ].join('\n')
}

function isLineOf(name: string, line: string): boolean {
  const [key, value] = line.split('=', 2)
  return value !== undefined && key?.trim() === name
}

/** Brings the connection in a credentials file up to date. A file that does not exist is not created. */
export async function updateConnection(path: string, connection: ConnectionLines): Promise<void> {
  if (!existsSync(path)) return
  // A symbolic link keeps its target.
  const target = await realpath(path)
  const text = await readFile(target, 'utf8')
  const updated = withConnection(text, connection)
  if (updated !== text) await replaceFile({ path: target, content: updated, mode: 0o600 })
}
