import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/storage-commands.test.ts'))
