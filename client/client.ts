/** A client for AWS Private CA and for servers with the same API. */
import { accessOperations } from './access.ts'
import { approvalOperations } from './approvals.ts'
import { call } from './call.ts'
import type { Client, ClientMeta } from './client-interface.ts'
import { apiName, isOperationName, operationNames, type OperationName } from './commands.ts'
import { enrollmentOperations } from './enrollment.ts'
import { createHierarchy } from './hierarchy.ts'
import { exceptions, UnknownClientMethodError } from './errors.ts'
import type { CallOptions } from './inputs.ts'
import { issue } from './issue.ts'
import type { IssueRequest } from './issue-request.ts'
import { listCertificates, searchCertificates } from './list-certificates.ts'
import { getStatistics } from './statistics.ts'
import type { Operations } from './operations.ts'
import { createPaginator, isPaginatorName, type ListPage } from './paginators.ts'
import { revocationOperations } from './revocation.ts'
import { presign, presignedHeaders } from './presign.ts'
import { recordOperations } from './record-entries.ts'
import { serverOperations } from './server-information.ts'
import { simulationOperations } from './simulate-policy.ts'
import { createSdkClient, type SdkClient } from './sdk-client.ts'
import type { ClientOptions } from './client-options.ts'
import { createWaiter, waiterModels, type WaiterName } from './waiters.ts'

/**
 * Creates a client. The client opens no connection before its first call, and an idle client does not keep the process alive.
 *
 * @param options options of the client; absent options are taken from the environment and the shared configuration files, as in
 * every AWS SDK
 * @throws TypeError for an unknown option and for a value of the wrong type
 * @example
 * import { createClient } from 'signet-ca/client'
 *
 * const client = createClient({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:8080' })
 * const { CertificateAuthorities } = await client.listCertificateAuthorities()
 */
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
    presignedHeaders(operation) {
      if (!isOperationName(operation)) throw new UnknownClientMethodError(operation)
      return presignedHeaders(operation)
    },
    ...accessOperations(sdk),
    ...approvalOperations(sdk),
    ...enrollmentOperations(sdk),
    ...recordOperations(sdk),
    ...serverOperations(sdk),
    getStatistics: (input, callOptions) => getStatistics(sdk, input, callOptions),
    ...revocationOperations(sdk),
    ...simulationOperations(sdk),
    listCertificates: (input, callOptions) => listCertificates(sdk, input, callOptions),
    searchCertificates: (search, callOptions) => searchCertificates(sdk, search, callOptions),
    issue: ((request: IssueRequest) => issue(client, request)) as Client['issue'],
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
