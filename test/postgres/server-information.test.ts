import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/server-information.test.ts'))
