import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/resource-policies.test.ts'))
