import { createRequire } from 'node:module'

/**
 * Returns the package's version. package.json is required by package name, because source and built files are at different
 * depths.
 */
export function version(): string {
  const require = createRequire(import.meta.url)
  return (require('signet-ca/package.json') as { version: string }).version
}
