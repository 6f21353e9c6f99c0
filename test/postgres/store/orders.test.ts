import { onPostgres } from '../../support/on-postgres.ts'

await onPostgres(() => import('../../../src/store/enrollment/orders.test.ts'))
