import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/audit-reports.test.ts'))
