import { onPostgres } from '../support/on-postgres.ts'

await onPostgres(() => import('../api/master-key-rotation.test.ts'))
