import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../../src/bulk-client.test.ts'))
