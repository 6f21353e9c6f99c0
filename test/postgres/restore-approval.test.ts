import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/restore-approval.test.ts'))
