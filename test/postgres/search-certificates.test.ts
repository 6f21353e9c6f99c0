import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../../src/search/search-certificates.test.ts'))
