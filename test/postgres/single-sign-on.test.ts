import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/single-sign-on.test.ts'))
