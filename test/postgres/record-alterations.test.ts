import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/record/alterations.test.ts'))
