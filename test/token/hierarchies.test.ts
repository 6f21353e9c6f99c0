import { onToken } from '../support/on-token.ts'

await onToken(() => import('../conformance/hierarchies.test.ts'))
