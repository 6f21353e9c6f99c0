/** Route tables for tests, and a request listener for them. */
import type { RequestListener } from 'node:http'
import { publicFailure } from '../../src/http/answer.ts'
import { errorAnswer } from '../../src/http/aws-answer.ts'
import { createBodyBudget } from '../../src/http/body/budget.ts'
import type { Handler, Route } from '../../src/http/route.ts'
import { createEntry, type EntryServices } from '../../src/http/server.ts'
import { createLog } from '../../src/telemetry/log.ts'

/** Creates a route that matches every request. */
export function everyRequest(answer: Handler['answer']): Route {
  return { path: () => '', handler: { answer, fail: publicFailure } }
}

/** Creates the request listener for a route table. */
export function entryOf(
  routes: readonly Route[],
  services: Partial<EntryServices> = {},
): RequestListener {
  return createEntry({
    log: createLog('silent'),
    requestId: () => 'the-id',
    basePath: '',
    budget: createBodyBudget(),
    errorFormat: errorAnswer,
    isSecure: false,
    ...services,
    routes,
  })
}
