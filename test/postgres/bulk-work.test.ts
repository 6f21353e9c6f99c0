import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../../src/bulk/bulk-client.test.ts'))
