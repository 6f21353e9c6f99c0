/** The AWS shared credentials file in a data folder, which contains the administrator's access key and the server's address. */
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { replaceFile } from '../files/durable-file.ts'
import type { Config } from '../settings/config.ts'
import { defaultRegion } from '../text/credentials-file.ts'

/** Returns the path of the credentials file. */
export function credentialsFile({ dataDirectory }: Pick<Config, 'dataDirectory'>): string {
  return join(dataDirectory, 'credentials')
}

/** Returns the location of the credentials file as `HOST:PATH`, to be displayed on other nodes. */
export function credentialsPlace(config: Pick<Config, 'dataDirectory'>): string {
  return `${hostname()}:${credentialsFile(config)}`
}

/** The server's address from a client's point of view. */
export interface ServerAddress {
  /** URL of the server's API. */
  readonly endpoint: string
  /** Path of a PEM file with the root certificate for TLS. The path is undefined if clients do not need the certificate. */
  readonly caFile: string | undefined
  /** URL of the server's metrics, or undefined if the API listener serves the metrics. */
  readonly metricsUrl?: string | undefined
  /** URL of the enrollment listener, or undefined if it is turned off. */
  readonly enrollUrl?: string | undefined
}

export async function writeCredentials(
  path: string,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
): Promise<void> {
  const content =
    '[default]\n' +
    `aws_access_key_id = ${key.accessKeyId}\n` +
    `aws_secret_access_key = ${key.secretAccessKey}\n` +
    `region = ${defaultRegion}\n`
  await replaceFile({ path, content, mode: 0o600 })
}

/**
 * Writes the server's current address to an existing credentials file, so that clients need to be configured only with the
 * file's path. The function leaves all other lines unchanged.
 */
export async function recordAddress(path: string, address: ServerAddress): Promise<void> {
  const text = await readIfExists(path)
  if (text === undefined) return
  const updated = withAddress(text, address)
  if (updated !== text) await replaceFile({ path, content: updated, mode: 0o600 })
}

/**
 * Sets `endpoint_url`, `ca_bundle`, `signet_metrics_url` and `signet_enroll_url` in the section [default], and `region` if it is
 * missing. A file without a [default] section is left unchanged. AWS clients ignore the properties that start with `signet_`.
 */
export function withAddress(
  text: string,
  { endpoint, caFile, metricsUrl, enrollUrl }: ServerAddress,
): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === '[default]')
  if (start === -1) return text
  const nextSection = lines.findIndex((line, at) => at > start && line.trimStart().startsWith('['))
  const end = nextSection === -1 ? lines.length : nextSection
  const section = lines.slice(start + 1, end)
  const ours = /^(?:endpoint_url|ca_bundle|signet_(?:metrics|enroll)_url)\s*=/
  const otherLines = section.filter((line) => !ours.test(line))
  const trailing = otherLines.length - otherLines.findLastIndex((line) => line.trim() !== '') - 1
  const hasRegion = otherLines.some((line) => /^region\s*=/.test(line))
  otherLines.splice(
    otherLines.length - trailing,
    0,
    ...(hasRegion ? [] : [`region = ${defaultRegion}`]),
    `endpoint_url = ${endpoint}`,
    ...(caFile === undefined ? [] : [`ca_bundle = ${caFile}`]),
    ...(metricsUrl === undefined ? [] : [`signet_metrics_url = ${metricsUrl}`]),
    ...(enrollUrl === undefined ? [] : [`signet_enroll_url = ${enrollUrl}`]),
  )
  return [...lines.slice(0, start + 1), ...otherLines, ...lines.slice(end)].join('\n')
}

async function readIfExists(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
