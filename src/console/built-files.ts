/**
 * The web console files that `console/build.ts` writes to dist/console: static files, their compressed versions, and
 * `files.json`, which lists them. Only files listed in `files.json` are served.
 */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'

/** Content encodings in order of preference, with the file name extension of each. */
export const encodings = { br: '.br', gzip: '.gz' } as const
export type Encoding = keyof typeof encodings

export interface BuiltFile {
  readonly type: string
  /** Hash of the file's content. */
  readonly etag: string
  /** Whether the file name contains a hash of the content, so that the content under this name never changes. */
  readonly isImmutable: boolean
  /** Sizes in bytes of the file and of each compressed version that exists. */
  readonly bytes: { readonly identity: number } & Partial<Readonly<Record<Encoding, number>>>
}

export interface BuiltConsole {
  /** The HTML page, which contains placeholders. */
  readonly page: string
  /** All other files, keyed by their path below the folder, such as `assets/index-B3f.js`. */
  readonly files: ReadonlyMap<string, BuiltFile>
  open(path: string, encoding: Encoding | undefined): Readable
}

/** Content of `files.json`. */
export interface FileList {
  readonly files: Readonly<Record<string, BuiltFile>>
}

/** Placeholder in the page for the path prefix of a reverse proxy (`--base-path`). */
export const basePlaceholder = '%BASE_PATH%'

/** Placeholder in the page for the issuer URL of single sign-on (`--console-sso-issuer`). */
export const ssoPlaceholder = '%SSO_ISSUER%'

/**
 * Returns the folder that contains the built console. package.json is found by the package's name, because source files
 * and built files are at different depths.
 */
export function consoleFolder(): string {
  const manifest = createRequire(import.meta.url).resolve('signet-ca/package.json')
  return join(dirname(manifest), 'dist/console')
}

/** Reads the list of the console's files, and the HTML page. Resolves to undefined if the console has not been built. */
export async function openConsole(folder: string): Promise<BuiltConsole | undefined> {
  try {
    const list = JSON.parse(await readFile(join(folder, 'files.json'), 'utf8')) as FileList
    return {
      page: await readFile(join(folder, 'index.html'), 'utf8'),
      files: new Map(Object.entries(list.files)),
      open: (path, encoding) =>
        createReadStream(join(folder, path + (encoding === undefined ? '' : encodings[encoding]))),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
