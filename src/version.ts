import { createRequire } from 'node:module'

/**
 * Returns the version of the package. package.json is loaded by the package's name, because source files and built files are at
 * different depths.
 */
export function version(): string {
  const require = createRequire(import.meta.url)
  return (require('signet-ca/package.json') as { version: string }).version
}
