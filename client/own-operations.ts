/** Methods of the client for operations that only Signet has. */
import { call } from './call.ts'
import { checkOptions } from './check-options.ts'
import type { OwnOperationName } from './commands.ts'
import type { CallOptions } from './inputs.ts'
import type { SdkClient } from './sdk-client.ts'

/** Returns a function that creates the method for an operation. The method checks its input, and calls the operation once. */
export function ownMethods(sdk: SdkClient) {
  return <Output>(operation: OwnOperationName, rules: Parameters<typeof checkOptions>[2]) =>
    async (input: object = {}, options: CallOptions = {}): Promise<Output> => {
      checkOptions(operation, input, rules)
      return (await call(sdk, operation, { input, options })) as Output
    }
}

/** Yields the pages of a list. Each page is requested only when the caller reads it. */
export async function* pagesOf<Page extends { readonly NextToken?: string }>(
  list: (input: object) => Promise<Page>,
  search: object,
): AsyncGenerator<Page, void, void> {
  let token: string | undefined
  do {
    const page = await list(token === undefined ? search : { ...search, NextToken: token })
    yield page
    token = page.NextToken
  } while (token !== undefined)
}
