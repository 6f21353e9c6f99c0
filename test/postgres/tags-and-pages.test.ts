import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/tags-and-pages.test.ts'))
