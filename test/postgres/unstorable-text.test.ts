import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/unstorable-text.test.ts'))
