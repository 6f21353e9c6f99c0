import { createRequire } from 'node:module'

/** The version of the package this code belongs to, which names itself: sources and what is built are not at one depth. */
export function version(): string {
  const require = createRequire(import.meta.url)
  return (require('signet-ca/package.json') as { version: string }).version
}
