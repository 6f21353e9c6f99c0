import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/public-urls.test.ts'))
