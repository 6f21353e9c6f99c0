/** A client of AWS Private CA and of servers with the same API. */
import { call } from './call.ts'
import { apiName, isOperationName, operationNames, type OperationName } from './commands.ts'
import { createHierarchy } from './hierarchy.ts'
import type { Hierarchy, HierarchyRequest } from './hierarchy-request.ts'
import { exceptions, UnknownClientMethodError, type Exceptions } from './errors.ts'
import type { CallOptions } from './inputs.ts'
import { issue, type Issued, type IssueRequest } from './issue.ts'
import {
  listCertificates,
  searchCertificates,
  type CertificateSearch,
  type ListCertificatesInput,
  type ListCertificatesOutput,
  type ListedCertificate,
} from './list-certificates.ts'
import type { Operations } from './operations.ts'
import {
  createPaginator,
  isPaginatorName,
  type ListPage,
  type Paginator,
  type PaginatorName,
} from './paginators.ts'
import { presign, presignedHeaders, type PresignOptions } from './presign.ts'
import { createSdkClient, type SdkClient } from './sdk-client.ts'
import type { ClientOptions } from './sdk-config.ts'
import { createWaiter, waiterModels, type Waiter, type WaiterName } from './waiters.ts'

export interface ClientMeta {
  /** API names by method: `ListTags` of `listTags`. */
  readonly methodToApiMapping: Readonly<Record<OperationName, string>>
  regionName(): Promise<string>
  /** Without a slash at the end. */
  endpointUrl(): Promise<string>
}

export interface Client extends Operations {
  readonly exceptions: Exceptions
  readonly meta: ClientMeta
  readonly waiterNames: readonly WaiterName[]
  canPaginate(operation: OperationName): boolean
  /** Throws OperationNotPageableError. */
  getPaginator<Name extends PaginatorName>(operation: Name): Paginator<Name>
  /** Throws TypeError for a name that no waiter has. */
  getWaiter<Name extends WaiterName>(name: Name): Waiter<Name>
  /**
   * A URL with which anyone can make the call, until it expires, by an empty POST that has `presignedHeaders`. Rejects
   * with UnknownClientMethodError, with RangeError for a time that no URL can be valid for, and with TypeError for members
   * that are lists or structures.
   */
  generatePresignedUrl<Name extends OperationName>(
    operation: Name,
    params?: Parameters<Operations[Name]>[0],
    options?: PresignOptions,
  ): Promise<string>
  /** Headers that go with a presigned URL of the operation. */
  presignedHeaders(operation: OperationName): Record<string, string>
  /** A page of the issued certificates that match. Signet's own: AWS has no such operation. */
  listCertificates(
    input?: ListCertificatesInput,
    options?: CallOptions,
  ): Promise<ListCertificatesOutput>
  /** All matching certificates; pages are requested as they are read. */
  searchCertificates(
    search?: CertificateSearch,
    options?: CallOptions,
  ): AsyncIterable<ListedCertificate>
  /** A certificate that is ready for use, with its key if the client generates it. */
  issue(request: IssueRequest): Promise<Issued>
  /** A root and an issuing CA below it, both ACTIVE. A further call goes on where an earlier one was interrupted. */
  createHierarchy(request: HierarchyRequest): Promise<Hierarchy>
  close(): void
}

/** A client; it opens no connection before its first call. */
export function createClient(options: ClientOptions = {}): Client {
  const sdk = createSdkClient(options)
  const invoke = (
    operation: OperationName,
    input?: object,
    callOptions?: CallOptions,
  ): Promise<object> =>
    call(sdk, operation, { input, ...(callOptions && { options: callOptions }) })
  const operations = Object.fromEntries(
    operationNames.map((name) => [
      name,
      (input?: object, callOptions?: CallOptions) => invoke(name, input, callOptions),
    ]),
  ) as unknown as Operations
  const client: Client = {
    ...operations,
    exceptions,
    meta: metaOf(sdk),
    waiterNames: Object.keys(waiterModels) as WaiterName[],
    canPaginate: isPaginatorName,
    getPaginator: (name) => createPaginator(name, invoke as ListPage),
    getWaiter: (name) => createWaiter(name, invoke),
    async generatePresignedUrl(operation, params, presignOptions = {}) {
      if (!isOperationName(operation)) throw new UnknownClientMethodError(operation)
      return presign(sdk, operation, { input: { ...params }, options: presignOptions })
    },
    presignedHeaders,
    listCertificates: (input, callOptions) => listCertificates(sdk, input, callOptions),
    searchCertificates: (search, callOptions) => searchCertificates(sdk, search, callOptions),
    issue: (request) => issue(client, request),
    createHierarchy: (request) => createHierarchy(client, request),
    close: () => sdk.destroy(),
  }
  return client
}

function metaOf(sdk: SdkClient): ClientMeta {
  return {
    methodToApiMapping: Object.fromEntries(
      operationNames.map((name) => [name, apiName(name)]),
    ) as Record<OperationName, string>,
    regionName: () => sdk.config.region(),
    endpointUrl: async () => (await sdk.endpoint()).href.replace(/\/$/, ''),
  }
}
