/** The text that `signet serve` prints after its start. */
import type { Config } from '../settings/config.ts'
import { devKey } from '../settings/root-key.ts'
import { defaultRegion } from '../text/credentials-file.ts'
import { version } from '../version.ts'
import type { App } from './runtime.ts'
import { isStandardInput } from '../data-folder/master-key.ts'
import { rootFile } from './tls/certificate-source.ts'

/**
 * Returns the text that is printed after the start: the endpoints, the data folder, and environment variables for AWS clients.
 */
export function greeting(
  config: Config,
  app: Pick<App, 'apiUrl' | 'publicUrl' | 'enrollUrl' | 'metricsUrl' | 'credentials'>,
): string {
  return [
    `Signet ${version()} serves the AWS Private CA API at ${app.apiUrl}`,
    `and CRLs, OCSP and CA certificates at ${app.publicUrl}`,
    ...(app.enrollUrl === undefined ? [] : [`Enrollment (ACME and EST): ${app.enrollUrl}`]),
    ...(app.metricsUrl === undefined ? [] : [`Metrics: ${app.metricsUrl}`]),
    `Data: ${dataText(config)}`,
    ...(app.credentials.isFirstStart && !config.dev
      ? ['', `${backupAdvice(config)}: if you lose this file, you lose every CA.`]
      : []),
    '',
    'To use the server from another terminal:',
    '',
    ...exports(config, app),
    `  aws acm-pca list-certificate-authorities --endpoint-url ${app.apiUrl}`,
    '',
    'Ctrl-C stops the server.',
    '',
  ].join('\n')
}

function backupAdvice({ masterKeyFile }: Config): string {
  return isStandardInput(masterKeyFile) ? 'Keep the master key' : `Back up ${masterKeyFile}`
}

function dataText({ dataDirectory, database, dev }: Config): string {
  if (dev)
    return `${dataDirectory}, removed when the server stops. Use this server only for tests, because the access key is public.`
  return database === undefined ? dataDirectory : `PostgreSQL at ${database.host}:${database.port}`
}

/**
 * Returns the environment variables for AWS clients. The credentials file contains the endpoint and the Region, unless it is a
 * copy of another node's file.
 */
function exports(
  config: Config,
  { apiUrl, credentials }: Pick<App, 'apiUrl' | 'credentials'>,
): string[] {
  if (config.rootKey?.value === devKey)
    return [
      `  export AWS_ACCESS_KEY_ID=${devKey.accessKeyId} AWS_SECRET_ACCESS_KEY=${devKey.secretAccessKey}`,
      `  export AWS_DEFAULT_REGION=${defaultRegion}`,
      `  export AWS_ENDPOINT_URL_ACM_PCA=${apiUrl} AWS_ENDPOINT_URL_STS=${apiUrl}`,
      `  signet ca list --data ${config.dataDirectory}`,
    ]
  const { path, elsewhere } = credentials
  return [
    // If another node created the account, the operator must copy that node's credentials file or create an access key with
    // `signet access-key create`.
    ...(elsewhere === undefined
      ? []
      : [
          `  # a copy of ${elsewhere}`,
          `  export AWS_ENDPOINT_URL_ACM_PCA=${apiUrl} AWS_ENDPOINT_URL_STS=${apiUrl}`,
        ]),
    `  export AWS_SHARED_CREDENTIALS_FILE='${path}'`,
    ...(config.tls.kind === 'self' ? [`  export AWS_CA_BUNDLE='${rootFile(config)}'`] : []),
  ]
}
