import { resourceNotFound, ServiceError, validationFailed } from '../../errors.ts'
import type { RevocationConfiguration } from '../../authority/revocation-configuration.ts'
import { BucketError, type ObjectAcl } from '../../objects/object-store.ts'
import type { Services } from '../../services.ts'

/** Names of the permission test objects. AWS uses the same names, so users recognize the objects in a bucket. */
const privateTestKey = 'acm-pca-permission-test-key-private'
const testKeys: readonly { readonly key: string; readonly acl: ObjectAcl | undefined }[] = [
  { key: 'acm-pca-permission-test-key', acl: undefined },
  { key: privateTestKey, acl: 'BUCKET_OWNER_FULL_CONTROL' },
]
const contentType = 'application/octet-stream'

/**
 * Timeout of the test write, for which the caller waits. If the store does not respond, the bucket is treated as not writable.
 */
const patienceMilliseconds = 20_000

/**
 * Writes the permission test objects if CRLs are enabled. Throws ValidationException with AWS's message if the bucket does
 * not exist, rejects the write or does not respond.
 */
export async function requireBucket(
  { objects, log }: Pick<Services, 'objects' | 'log'>,
  { CrlConfiguration }: RevocationConfiguration,
  accountId: string,
): Promise<void> {
  if (!CrlConfiguration.Enabled) return
  const { S3BucketName: bucket, S3ObjectAcl } = CrlConfiguration
  const signal = AbortSignal.timeout(patienceMilliseconds)
  try {
    await Promise.all(
      testKeys.map(({ key, acl = S3ObjectAcl }) =>
        objects.put({ bucket, key }, new Uint8Array(), {
          acl,
          contentType,
          accountId,
          signal,
        }),
      ),
    )
  } catch (error) {
    log.warn({ bucket, err: error }, 'the permission test objects cannot be written')
    if (error instanceof BucketError && error.reason === 'no-permission')
      throw validationFailed(error.message, error)
    throw validationFailed(
      `Permission error with your S3 bucket '${bucket}'. Check that your bucket policy, encryption settings, S3 Block ` +
        'Public Access settings, and global account permissions are configured correctly. For more information, ' +
        'check the service documentation.',
      error,
    )
  }
}

/**
 * Timeout of the test write. If the test write times out, the bucket is accepted, because the store may be available when
 * the report is written.
 */
const reportPatienceMilliseconds = 5000

/**
 * Writes a permission test object, which is private, like audit reports. Throws ResourceNotFoundException if the bucket does not
 * exist, and RequestFailedException if it rejects the write. A store that does not respond is accepted, because it may be
 * available when the report is written.
 */
export async function requireReportBucket(
  { objects, log }: Pick<Services, 'objects' | 'log'>,
  bucket: string,
  accountId: string,
): Promise<void> {
  const signal = AbortSignal.timeout(reportPatienceMilliseconds)
  const acl = 'BUCKET_OWNER_FULL_CONTROL'
  try {
    if (!(await objects.hasBucket(bucket))) throw noSuchBucket(bucket)
    const at = { bucket, key: privateTestKey }
    await objects.put(at, new Uint8Array(), { acl, contentType, accountId, signal })
  } catch (error) {
    if (error instanceof ServiceError) throw error
    log.warn({ bucket, err: error }, 'the bucket for an audit report could not be tested')
    if (!(error instanceof BucketError)) return
    throw error.reason === 'no-such-bucket' ? noSuchBucket(bucket) : refused(bucket, error)
  }
}

function noSuchBucket(bucket: string): ServiceError {
  return resourceNotFound(`The S3 bucket '${bucket}' does not exist.`)
}

function refused(bucket: string, cause: BucketError): ServiceError {
  return new ServiceError(
    'RequestFailedException',
    `The S3 bucket '${bucket}' refuses writes. Check its policy, encryption and owner.`,
    { cause },
  )
}
