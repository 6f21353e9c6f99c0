import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../../src/server/tls/server-root.test.ts'))
