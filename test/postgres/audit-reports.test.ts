import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/audit-reports.test.ts'))
