/** The content of package-lock.json. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..')

export interface LockedPackage {
  readonly version: string
  readonly dev?: boolean
  readonly devOptional?: boolean
}

export interface LockFile {
  readonly name: string
  readonly version: string
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export function readLockFile(): LockFile {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile
}

/** Returns the entries for a production installation, by path below the root. The path of the project itself is ''. */
export function productionEntries({ packages }: LockFile): [path: string, LockedPackage][] {
  return Object.entries(packages).filter(([, { dev, devOptional }]) => !dev && !devOptional)
}

/** Returns the name of the package that is installed at a path. */
export function packageName(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
