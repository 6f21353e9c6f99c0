import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/leases.test.ts'))
